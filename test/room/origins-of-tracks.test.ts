/** One axis for all tracks: who joins later stands later, in everything that shows several tracks. */
import { describe, expect, test } from "vitest";
import { correctionAnswerSchema } from "../../schemas/http/corrections.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import type { TrackOrigin } from "../../schemas/wire/messages.ts";
import { chunkFrame, pcmOf, range } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOfType, get, post, send } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const hour = 3_600_000;

/** Keeps seconds of a track, the first of the track taken at `origin` by its client's clock. */
async function keep(sessionId: string, track: string, seqs: readonly number[], origin: number): Promise<void> {
  const client = await Client.connect(sessionId, { track });
  for (const seq of seqs) {
    const frame = chunkFrame({ sessionId, seq, pcm: pcmOf(seq), encoding: "json" });
    client.send({ ...frame, timestamp_ms: origin + (seq - 1) * 1_000 });
    await client.ackOf(seq);
  }
}

const say = (sessionId: string, track: string, start_ms: number, text: string): Promise<Response> =>
  post(sessionId, "utterances", { utterances: [{ track, start_ms, end_ms: start_ms + 1_500, text, speaker: track }] });

async function originsOf(sessionId: string): Promise<Record<string, Partial<TrackOrigin>>> {
  const { ingest_by_track } = sessionStateSchema.parse(await (await get(sessionId, "state")).json());
  const origins = Object.entries(ingest_by_track).map(([track, { origin_ms, origin_source }]) => [
    track,
    { origin_ms, origin_source },
  ]);
  return Object.fromEntries(origins) as Record<string, Partial<TrackOrigin>>;
}

async function resultOf(sessionId: string): Promise<SessionResult> {
  expect((await post(sessionId, "finalize")).status).toBe(200);
  const object = await bindings.RESULT_BUCKET.get(`sessions/${sessionId}/result.json`);
  return sessionResultSchema.parse(await object?.json());
}

const textOf = async (sessionId: string, name: string): Promise<string> => (await get(sessionId, name)).text();
const setOrigin = (sessionId: string, track: string, origin_ms: unknown): Promise<Response> =>
  send("PUT", `/v1/sessions/${sessionId}/tracks/${track}/origin`, { origin_ms });

/** Alice asks, Bob joins 30 s later and answers, Alice goes on. */
async function meeting(bobOrigin: (origin: number) => number = (origin) => origin + 30_000): Promise<{
  sessionId: string;
  origin: number;
}> {
  const sessionId = newSession();
  const origin = Date.now() - 60_000;
  await createSession(sessionId, { resolve: { auto: false, window_chunks: 4 } });
  await keep(sessionId, "alice", [1, 2, 3], origin);
  await keep(sessionId, "bob", [1, 2, 4], bobOrigin(origin));
  await say(sessionId, "alice", 0, "Can you hear me?");
  await say(sessionId, "bob", 1_000, "Now I can.");
  await say(sessionId, "alice", 32_500, "Good.");
  return { sessionId, origin };
}

describe("two tracks, the second 30 s later", () => {
  test("[E5] every document of all tracks has the answer after the question", async () => {
    const { sessionId } = await meeting();
    expect(await textOf(sessionId, "transcript.txt")).toBe(
      "[00:00:00] alice: Can you hear me?\n[00:00:31] bob: Now I can.\n" +
        "[00:00:32] (1 s of track bob missing: never_sent)\n[00:00:32] alice: Good.\n",
    );
    const times = [...(await textOf(sessionId, "transcript.vtt")).matchAll(/^(\S+) --> /gm)].map(([, time]) => time);
    expect(times).toEqual(["00:00:00.000", "00:00:31.000", "00:00:32.500"]);
    expect(await textOf(sessionId, "transcript.srt")).toMatch(/^1\n00:00:00[^]*2\n00:00:31,000[^]*3\n00:00:32,500/);
  });

  test("[E5] a document of one track has the track's own times", async () => {
    const { sessionId } = await meeting();
    expect(await textOf(sessionId, "transcript.txt?track=bob")).toBe(
      "[00:00:01] bob: Now I can.\n[00:00:02] (1 s of track bob missing: never_sent)\n",
    );
    expect(await textOf(sessionId, "transcript.srt?track=bob")).toContain("00:00:01,000 --> 00:00:02,500");
  });

  test("[E5] state, log and result tell each origin; the result's transcript is on the axis", async () => {
    const { sessionId, origin } = await meeting();
    const origins = {
      alice: { origin_ms: origin, origin_source: "client" },
      bob: { origin_ms: origin + 30_000, origin_source: "client" },
    };
    expect(await originsOf(sessionId)).toEqual(origins);
    const result = await resultOf(sessionId);
    expect(result.transcript.map(({ track, start_ms }) => [track, start_ms])).toEqual([
      ["alice", 0],
      ["bob", 31_000],
      ["alice", 32_500],
    ]);
    expect(result.audio).toMatchObject([
      { track: "alice", offset_ms: 0, ...origins.alice },
      { track: "bob", offset_ms: 30_000, ...origins.bob },
    ]);
    expect(result.events.find(({ utterance }) => utterance?.track === "bob")?.utterance?.start_ms).toBe(1_000);
  });

  test("[E4] from clocks that are weeks slow, both, the answer stands after the question all the same", async () => {
    const sessionId = newSession();
    const longAgo = Date.now() - 500 * hour;
    await keep(sessionId, "alice", [1], longAgo);
    await keep(sessionId, "bob", [31], longAgo);
    const { alice, bob } = await originsOf(sessionId);
    expect([alice?.origin_source, bob?.origin_source]).toEqual(["room", "room"]);
    expect(bob?.origin_ms).toBe(alice?.origin_ms);
  });
});

test.each([
  ["that is hours fast", 5 * hour],
  ["that is hours slow", -5 * hour],
])("[E4] a clock %s is not heeded: the time of arrival is", async (_, error) => {
  const before = Date.now();
  const { sessionId } = await meeting((origin) => origin + error);
  const { bob } = await originsOf(sessionId);
  expect(bob?.origin_source).toBe("room");
  expect(bob?.origin_ms).toBeGreaterThanOrEqual(before - 1_000);
  expect(bob?.origin_ms).toBeLessThanOrEqual(Date.now() - 1_000);
});

test.each(["json", "msgpack"] as const)(
  "[W18] a chunk in seconds is kept and acked, and its ack says what is odd (%s)",
  async (encoding) => {
    const sessionId = newSession();
    const client = await Client.connect(sessionId, { track: "mic" });
    const warnings: unknown[] = [];
    for (const [seq, timestamp_ms] of [Date.now() / 1_000, Date.now() * 1_000, 5, Date.now()].entries()) {
      const frame = chunkFrame({ sessionId, seq: seq + 1, pcm: pcmOf(seq + 1), encoding });
      client.send({ ...frame, timestamp_ms });
      const ack = await client.ackOf(seq + 1);
      expect(ack.status).toBe("stored");
      warnings.push(ack.warning?.code);
    }
    expect(warnings).toEqual([...Array.from({ length: 3 }, () => "doubtful_timestamp"), undefined]);
    expect((await originsOf(sessionId))["mic"]?.origin_source).toBe("room");
  },
);

test("[E4] no reconnect, no other clock, no late first second and no eviction moves an origin", async () => {
  const sessionId = newSession();
  const origin = Date.now() - 30_000;
  await keep(sessionId, "mic", [31, 32], origin);
  const said = { mic: { origin_ms: origin, origin_source: "client" } };
  expect(await originsOf(sessionId)).toEqual(said);
  await keep(sessionId, "mic", [33], origin + 5_000);
  await keep(sessionId, "mic", [1], origin - 3 * hour);
  await new RoomUnderTest(sessionId).evict();
  await keep(sessionId, "mic", range(34, 36), origin + 3 * hour);
  expect(await originsOf(sessionId)).toEqual(said);
});

test("[E4] a chunk without a time is refused, and gives no origin; nor does a track without a chunk", async () => {
  const sessionId = newSession();
  const client = await Client.connect(sessionId, { track: "mic" });
  const frame = chunkFrame({ sessionId, seq: 1, pcm: pcmOf(1), encoding: "json" });
  client.send({ ...frame, timestamp_ms: undefined });
  expect(await client.nextOf("error")).toMatchObject({ code: "bad_frame" });
  client.send({ type: "end", last_seq: 0 });
  await client.nextOf("ended");
  expect(await originsOf(sessionId)).toEqual({ mic: { origin_ms: null, origin_source: null } });
});

test("[E4] a person says where a track begins, once; takes it back; and is refused where there is no such track", async () => {
  const { sessionId, origin } = await meeting();
  const said = origin + 10_000;
  const { events } = correctionAnswerSchema.parse(await (await setOrigin(sessionId, "bob", said)).json());
  expect(events).toMatchObject([{ type: "track.origin", track: "bob", origin_ms: said, by: "person" }]);
  expect(correctionAnswerSchema.parse(await (await setOrigin(sessionId, "bob", said)).json()).events).toEqual([]);
  expect((await originsOf(sessionId))["bob"]).toEqual({ origin_ms: said, origin_source: "set" });
  await new RoomUnderTest(sessionId).evict();
  expect(await textOf(sessionId, "transcript.srt")).toContain("00:00:11,000 --> 00:00:12,500\nbob: Now I can.");
  expect(await textOf(sessionId, "transcript.txt?track=bob")).toContain("[00:00:01] bob");
  expect((await setOrigin(sessionId, "bob", null)).status).toBe(200);
  expect((await originsOf(sessionId))["bob"]).toEqual({ origin_ms: origin + 30_000, origin_source: "client" });
  expect(await eventsOfType(sessionId, "track.origin")).toMatchObject([{ origin_ms: said }, { origin_ms: null }]);

  expect((await setOrigin(sessionId, "carol", said)).status).toBe(404);
  expect((await setOrigin(sessionId, "Bob!", said)).status).toBe(400);
  for (const wrong of [-1, 0.5, "1", 1e300, undefined]) {
    expect((await setOrigin(sessionId, "bob", wrong)).status).toBe(400);
  }
});

test("[E5] a room of before that knows no origins has all tracks begin at 0", async () => {
  const { sessionId } = await meeting();
  await new RoomUnderTest(sessionId).rows("DELETE FROM track_origins");
  await new RoomUnderTest(sessionId).evict();
  await keep(sessionId, "bob", [5], Date.now() - 5_000);
  expect(await originsOf(sessionId)).toEqual({
    alice: { origin_ms: null, origin_source: null },
    bob: { origin_ms: null, origin_source: null },
  });
  const { transcript } = await resultOf(sessionId);
  expect(transcript.map(({ track, start_ms }) => [track, start_ms])).toEqual([
    ["alice", 0],
    ["bob", 1_000],
    ["alice", 32_500],
  ]);
});
