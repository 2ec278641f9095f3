import { expect, test } from "vitest";
import { sessionResultSchema, type SessionResult } from "../../schemas/http/result.ts";
import { type SessionState, sessionStateSchema } from "../../schemas/http/sessions.ts";
import { limits } from "../../schemas/limits.ts";
import { range } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession, get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

async function resultOf(id: string): Promise<SessionResult> {
  expect((await post(id, "finalize")).status).toBe(200);
  return sessionResultSchema.parse(await (await get(id, "result")).json());
}

test("[G1] the result says of every missing second why, as far as anybody told", async () => {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  const client = await Client.connect(id);
  await client.keepAll([1, 2]);
  client.send({ type: "gap", from_seq: 3, to_seq: 5, cause: "capture_stall" });
  expect((await client.nextOf("status")).last_seq).toBe(2);
  client.sendChunk(7, new Uint8Array(31_998));
  expect((await client.nextOf("error")).code).toBe("bad_chunk_size");
  await room.evict();
  await client.keepAll([10, 4]);
  client.send({ type: "gap", from_seq: 9, to_seq: 9, cause: "client_gave_up" });
  await client.nextOf("status");
  const { gaps, coverage } = await resultOf(id);
  expect(gaps).toEqual([
    { track: "mixed", from_seq: 3, to_seq: 3, cause: "capture_stall" },
    { track: "mixed", from_seq: 5, to_seq: 5, cause: "capture_stall" },
    { track: "mixed", from_seq: 6, to_seq: 6, cause: "never_sent" },
    { track: "mixed", from_seq: 7, to_seq: 7, cause: "rejected" },
    { track: "mixed", from_seq: 8, to_seq: 8, cause: "never_sent" },
    { track: "mixed", from_seq: 9, to_seq: 9, cause: "client_gave_up" },
  ]);
  expect(coverage).toBe(0.4);
});

test("[G2] while the session goes on, its state says why what is missing so far is missing", async () => {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  const client = await Client.connect(id);
  const second = await Client.connect(id, { track: "second" });
  const stateOf = async (): Promise<SessionState["gaps"]> =>
    sessionStateSchema.parse(await (await get(id, "state")).json()).gaps;
  await client.keepAll([1, 2]);
  await second.keepAll([1, 3]);
  client.send({ type: "gap", from_seq: 3, to_seq: 5, cause: "capture_stall" });
  await client.nextOf("status");
  // What may follow still is no gap yet, whatever was declared.
  expect(await stateOf()).toEqual([{ track: "second", from_seq: 2, to_seq: 2, cause: "never_sent" }]);
  await room.evict();
  await client.keepAll([8, 4]);
  await second.keep(2);
  expect(await stateOf()).toEqual([
    { track: "mixed", from_seq: 3, to_seq: 3, cause: "capture_stall" },
    { track: "mixed", from_seq: 5, to_seq: 5, cause: "capture_stall" },
    { track: "mixed", from_seq: 6, to_seq: 7, cause: "never_sent" },
  ]);
  expect(await stateOf(), "as the result says it").toEqual((await resultOf(id)).gaps);
});

test("[G2] of very many gaps the state has the first ones of each track", async () => {
  const id = newSession();
  const tracks = ["a", "b"];
  for (const track of tracks) {
    const client = await Client.connect(id, { track });
    await client.keepAll(range(1, 80).map((half) => half * 2));
  }
  const { gaps = [] } = sessionStateSchema.parse(await (await get(id, "state")).json());
  for (const track of tracks) {
    const own = gaps.filter((gap) => gap.track === track);
    expect(own).toHaveLength(limits.maxMissingRanges);
    expect(own[0]).toEqual({ track, from_seq: 1, to_seq: 1, cause: "never_sent" });
  }
});

test("[W13] a gap is answered with status; what is kept of it stays, and what comes later is kept", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2]);
  client.send({ type: "gap", from_seq: 2, to_seq: 4, cause: "client_gave_up" });
  expect(await client.nextOf("status")).toMatchObject({ last_seq: 2, received_chunks: 2 });
  await client.keepAll([3, 5]);
  expect((await room.rows("SELECT seq FROM ledger ORDER BY seq")).map(({ seq }) => seq)).toEqual([1, 2, 3, 5]);
  const { gaps } = await resultOf(room.sessionId);
  expect(gaps).toEqual([{ track: "mixed", from_seq: 4, to_seq: 4, cause: "client_gave_up" }]);
});

test("[G1] a second that was refused and then came well is no gap", async () => {
  const id = newSession();
  const client = await Client.connect(id);
  await client.keep(1);
  client.sendChunk(2, new Uint8Array(10));
  await client.nextOf("error");
  await client.keepAll([2, 3]);
  expect((await resultOf(id)).gaps).toEqual([]);
});

test("[G1] [limit:maxGapNotes] notes are bounded; gaps that are turned around, too far or of another kind are refused", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  await client.refused({ type: "gap", from_seq: 5, to_seq: 4, cause: "capture_stall" }, "bad_frame");
  await client.refused({ type: "gap", from_seq: 5, to_seq: 5, cause: "rejected" }, "bad_frame");
  const far = limits.maxSeqAhead + 2;
  await client.refused({ type: "gap", from_seq: 5, to_seq: far, cause: "capture_stall" }, "seq_out_of_range");
  for (const seq of range(2, limits.maxGapNotes + 20)) {
    client.send({ type: "gap", from_seq: seq, to_seq: seq, cause: "capture_stall" });
  }
  for (const _ of range(2, limits.maxGapNotes + 20)) await client.nextOf("status");
  expect(await room.count("gap_notes")).toBe(limits.maxGapNotes);
});

test("[E1] exports are there during the meeting and after it; before anything is said they are empty and valid", async () => {
  const id = newSession();
  await createSession(id, {});
  const documents = ["speakers.rttm", "transcript.vtt", "transcript.srt", "transcript.txt"];
  const bodies = async (): Promise<string[]> =>
    Promise.all(documents.map(async (name) => (await get(id, name)).text()));
  expect(await bodies()).toEqual(["", "WEBVTT\n", "", ""]);
  await post(id, "utterances", { utterances: [{ text: "hello", start_ms: 0, end_ms: 900, speaker: "Ada" }] });
  const live = await bodies();
  expect(live[2]).toBe("1\n00:00:00,000 --> 00:00:00,900\nAda: hello\n");
  await resultOf(id);
  expect(await bodies()).toEqual(live);
  expect((await get(id, "transcript.vtt")).headers.get("content-type")).toBe("text/vtt; charset=utf-8");
  expect((await get(id, "transcript.vtt?track=mixed")).status).toBe(200);
  expect((await get(id, "transcript.vtt?track=mic")).status).toBe(404);
  expect((await get(id, "transcript.vtt?track=M")).status).toBe(400);
  expect((await get(newSession(), "transcript.vtt")).status).toBe(404);
});
