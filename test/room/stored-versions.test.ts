/**
 * Rooms as three versions stored them, opened by this one. Each version ran as it was then (21 Nov 24485c8, 28 Nov f5eb3eb, 29 Nov d4c8299),
 * with local storage, and was given the same two meetings over its own WebSocket and HTTP; the dumps are of the rooms' files afterwards.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createHashChain, type Sha256, toHex } from "../../schemas/chain.ts";
import { finalizeAnswerSchema } from "../../schemas/http/finalize.ts";
import { sessionResultSchema } from "../../schemas/http/result.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import finalized21 from "./fixtures/versions/2026-11-21-finalized.sql?raw";
import open21 from "./fixtures/versions/2026-11-21-open.sql?raw";
import result21 from "./fixtures/versions/2026-11-21-result.txt?raw";
import finalized28 from "./fixtures/versions/2026-11-28-finalized.sql?raw";
import open28 from "./fixtures/versions/2026-11-28-open.sql?raw";
import result28 from "./fixtures/versions/2026-11-28-result.txt?raw";
import finalized29 from "./fixtures/versions/2026-11-29-finalized.sql?raw";
import open29 from "./fixtures/versions/2026-11-29-open.sql?raw";
import result29 from "./fixtures/versions/2026-11-29-result.txt?raw";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { eventsOf, get, post, send } from "./support/http.ts";
import { sampleSecond, storedRoom } from "./support/stored-room.ts";

const sha256: Sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const kept = [1, 2, 3, 4, 6];
/** When the dumps were made, ms since 1970. */
const dumpedAt = 1_795_975_955_000;

interface Version {
  readonly date: string;
  readonly commit: string;
  readonly open: string;
  readonly finalized: string;
  readonly result: string;
  /** Whether the version wrote that a track ended when its session was finalized. */
  readonly saysEnds: boolean;
  readonly metadata: object;
}

const topic = { topic: "before" };
const versions: readonly Version[] = [
  {
    date: "21 Nov",
    commit: "24485c8",
    open: open21,
    finalized: finalized21,
    result: result21,
    saysEnds: false,
    metadata: {},
  },
  {
    date: "28 Nov",
    commit: "f5eb3eb",
    open: open28,
    finalized: finalized28,
    result: result28,
    saysEnds: true,
    metadata: topic,
  },
  {
    date: "29 Nov",
    commit: "d4c8299",
    open: open29,
    finalized: finalized29,
    result: result29,
    saysEnds: true,
    metadata: topic,
  },
];

function chainHead(sessionId: string, seqs: readonly number[]): string {
  const chain = createHashChain({ tenant: "default", sessionId, track: "mic" }, sha256);
  for (const seq of seqs) chain.add(seq, sha256(sampleSecond(seq)));
  return chain.head();
}

async function stateOf(sessionId: string) {
  return sessionStateSchema.parse(await (await get(sessionId, "state")).json());
}

test.each(versions)(
  "[K8] [V6] an open room of $date ($commit) is what it was, takes seconds, words and a restart, and is finalized whole",
  async ({ commit, open, metadata }) => {
    const { room } = await storedRoom(`open-${commit}`, open, { mic: kept }, dumpedAt);
    const { sessionId } = room;
    const before = await stateOf(sessionId);
    expect(before).toMatchObject({ status: "open", event_count: 2 });
    const gaps = { missing: [[5, 5]], missing_chunks: 1 };
    expect(before.ingest_by_track["mic"]).toMatchObject({ last_seq: 6, contiguous_seq: 4, archived_seq: 6, ...gaps });

    const client = await Client.connect(sessionId, { track: "mic" });
    expect(await client.hello()).toMatchObject({ resume: { missing: [[5, 5]], next_seq: 7 } });
    expect(await client.keep(6, sampleSecond(6))).toMatchObject({ status: "duplicate" });
    client.sendChunk(6, sampleSecond(7));
    expect(await client.nextOf("error")).toMatchObject({ code: "seq_conflict" });
    expect(await client.keep(5, sampleSecond(5))).toMatchObject({ status: "stored", contiguous_seq: 6 });
    expect(await client.keep(7, sampleSecond(7))).toMatchObject({ status: "stored", contiguous_seq: 7 });
    const words = [{ utterance_id: "u2", track: "mic", start_ms: 4_000, end_ms: 6_000, text: "I am back." }];
    expect((await post(sessionId, "utterances", { utterances: words })).status).toBe(200);
    await room.evict();
    expect((await stateOf(sessionId)).ingest_by_track["mic"]).toMatchObject({ last_seq: 7, missing: [] });
    expect((await send("PATCH", `/v1/sessions/${sessionId}`, { title: "Now" })).status).toBe(200);

    const answer = finalizeAnswerSchema.parse(await (await post(sessionId, "finalize", { expect: { mic: 7 } })).json());
    expect(answer.coverage).toBe(1);
    const object = await bindings.RESULT_BUCKET.get(`sessions/${sessionId}/result.json`);
    const result = sessionResultSchema.parse(await object?.json());
    expect(result).toMatchObject({ metadata, gaps: [] });
    expect(result.transcript.map(({ utterance_id: id, text }) => `${id} ${text}`)).toEqual([
      "u1 Hello, my name is Alice.",
      "u2 I am back.",
    ]);
    expect(result.audio).toMatchObject([
      { track: "mic", chunks: 7, chain_head: chainHead(sessionId, [1, 2, 3, 4, 5, 6, 7]) },
    ]);
  },
);

test.each(versions)(
  "[K8] [V6] a finalized room of $date ($commit) answers as it did, and what is corrected in it now is a second version",
  async ({ commit, finalized, result, saysEnds }) => {
    const { room } = await storedRoom(`done-${commit}`, finalized, { mic: [1, 2, 3] }, dumpedAt);
    const { sessionId } = room;
    await bindings.RESULT_BUCKET.put(`sessions/${sessionId}/result.json`, result);
    // The first of them knew no versions.
    if (result.includes('"version":1'))
      await bindings.RESULT_BUCKET.put(`sessions/${sessionId}/results/1.json`, result);
    const count = saysEnds ? 5 : 4;
    expect(await stateOf(sessionId)).toMatchObject({ status: "finalized", event_count: count });
    const events = await eventsOf(sessionId);
    expect(events.map(({ type }) => type)).toEqual(
      ["track.opened", "utterance.added", saysEnds && "track.ended", "session.finalizing", "session.finalized"].filter(
        (type) => type !== false,
      ),
    );
    expect(await (await get(sessionId, "result")).text()).toBe(result);
    expect(await (await post(sessionId, "finalize")).json()).toMatchObject({ event_count: count, coverage: 1 });
    const audio = new Uint8Array(await (await get(sessionId, "audio.wav")).arrayBuffer());
    expect(toHex(sha256(audio.subarray(44)))).toBe(
      toHex(sha256(Uint8Array.from([1, 2, 3].flatMap((seq) => [...sampleSecond(seq)])))),
    );
    const transcript = await (await get(sessionId, "transcript.txt")).text();
    expect(transcript).toContain("Hello, my name is Alice.");

    const mended = [{ utterance_id: "u1", track: "mic", start_ms: 0, end_ms: 2_000, text: "Hello, my name is Alina." }];
    expect((await post(sessionId, "utterances", { utterances: mended })).status).toBe(200);
    await room.wakeUntil("a second version", async () => {
      const now = sessionResultSchema.parse(await (await get(sessionId, "result")).json());
      return now.version === 2;
    });
    const now = sessionResultSchema.parse(await (await get(sessionId, "result")).json());
    expect(now).toMatchObject({ version: 2, supersedes: 1, transcript: [{ text: "Hello, my name is Alina." }] });
    expect(await (await get(sessionId, "result?version=1")).text()).toBe(result);
  },
);
