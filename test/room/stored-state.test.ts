/** What commit a709430 stored, opened by this version: dumps of an open and of a finalized room. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createHashChain, type Sha256, toHex } from "../../schemas/chain.ts";
import { finalizeAnswerSchema } from "../../schemas/http/finalize.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { sessionStateSchema } from "../../schemas/http/sessions.ts";
import { deliveriesAnswerSchema } from "../../schemas/webhooks.ts";
import finalizedDump from "./fixtures/room-finalized.sql?raw";
import openDump from "./fixtures/room-open.sql?raw";
import { range } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { eventsOf, get, post, send } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import type { RoomUnderTest } from "./support/room.ts";
import { sampleSecond, storedRoom } from "./support/stored-room.ts";

const sha256: Sha256 = (bytes) => createHash("sha256").update(bytes).digest();
const micSeqs = [1, 2, 3, 4, ...range(6, 15)];
const roomSeqs = [1, 2, 3];

/** The service knows the one voice that the room already has. */
function knowsTheVoice(sessionId: string): void {
  inference(sessionId, (request) =>
    Response.json({ ...answerTo(request), cluster_id: "speaker_1", updated_state: request.state }),
  );
}

function chainHead(sessionId: string, track: string, seqs: readonly number[]): string {
  const chain = createHashChain({ tenant: "default", sessionId, track }, sha256);
  for (const seq of seqs) chain.add(seq, sha256(sampleSecond(seq)));
  return chain.head();
}

async function openRoom(): Promise<{ room: RoomUnderTest; movedMs: number }> {
  const stored = await storedRoom("meeting-of-schema", openDump, { mic: micSeqs, room: roomSeqs });
  knowsTheVoice(stored.room.sessionId);
  return stored;
}

async function resultOf({ sessionId }: RoomUnderTest): Promise<SessionResult> {
  const object = await bindings.RESULT_BUCKET.get(`sessions/${sessionId}/result.json`);
  return sessionResultSchema.parse(await object?.json());
}

test("[K8] an open room of the version before opens as it was stored, goes on, and is finalized whole", async () => {
  const { room, movedMs } = await openRoom();
  const { sessionId } = room;

  // As it was stored.
  const state = sessionStateSchema.parse(await (await get(sessionId, "state")).json());
  expect(state).toMatchObject({ status: "open", event_count: 8 });
  expect(state.state.bindings).toEqual({ speaker_1: "Ada" });
  expect(state.state.roster).toEqual([{ name: "Alice" }, { name: "Ben" }]);
  expect(state.state.clusters).toHaveLength(1);
  const started = new Date(1_795_861_201_860 + movedMs).toISOString();
  expect(state.ingest_by_track["mic"]).toMatchObject({
    last_seq: 16,
    contiguous_seq: 4,
    archived_seq: 15,
    resolved_seq: 4,
    received_chunks: 15,
    missing_chunks: 1,
    missing: [[5, 5]],
    duplicate_chunks: 0,
    failed_windows: 0,
    started_at: started,
  });
  expect(state.ingest_by_track["room"]).toMatchObject({
    last_seq: 3,
    contiguous_seq: 3,
    archived_seq: 3,
    resolved_seq: 3,
    received_chunks: 3,
    missing: [],
  });
  const events = await eventsOf(sessionId);
  expect(events.slice(0, 8).map(({ event_id, type }) => `${event_id} ${type}`)).toEqual([
    "1 track.opened",
    "2 speaker.resolved",
    "3 utterance.added",
    "4 speaker.bound",
    "5 speaker.bound",
    "6 track.opened",
    "7 track.ended",
    "8 speaker.resolved",
  ]);
  expect(events[4]).toMatchObject({ by: "person", speaker_name: "Ada" });
  const settings = await (await send("PATCH", `/v1/sessions/${sessionId}`, {})).json();
  expect(settings).toMatchObject({ retention_days: 30, metadata: { topic: "before the move" } });

  // The chunk that waited for R2 gets there, and its bytes leave the room.
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  expect(await room.stored(16, "mic")).toEqual(sampleSecond(16));

  // A kept second is confirmed, other bytes are not, and the meeting goes on.
  const client = await Client.connect(sessionId, { track: "mic" });
  expect(await client.hello()).toMatchObject({ resume: { missing: [[5, 5]], next_seq: 17 } });
  expect(await client.keep(16, sampleSecond(16))).toMatchObject({ status: "duplicate" });
  client.sendChunk(16, sampleSecond(15));
  expect(await client.nextOf("error")).toMatchObject({ code: "seq_conflict" });
  expect(await client.keep(17, sampleSecond(17))).toMatchObject({ status: "stored", contiguous_seq: 4 });

  // Finalize gives all of it.
  const answer = finalizeAnswerSchema.parse(
    await (await post(sessionId, "finalize", { expect: { mic: 18 }, metadata: { closed: true } })).json(),
  );
  expect(answer.coverage).toBe(19 / 21);
  const result = await resultOf(room);
  expect(result.metadata).toEqual({ topic: "before the move", closed: true });
  expect(result.gaps).toEqual([
    { track: "mic", from_seq: 5, to_seq: 5, cause: "capture_stall" },
    { track: "mic", from_seq: 18, to_seq: 18, cause: "never_sent" },
  ]);
  expect(result.events.slice(0, 8)).toEqual(events.slice(0, 8));
  expect(result.speakers.map(({ speaker_name }) => speaker_name)).toEqual(["Ada"]);
  expect(result.transcript).toMatchObject([{ utterance_id: "u1", track: "mic", text: "Hello, my name is Alice." }]);
  expect(result.audio).toMatchObject([
    { track: "mic", chunks: 16, chain_head: chainHead(sessionId, "mic", [...micSeqs, 16, 17]) },
    { track: "room", chunks: 3, chain_head: chainHead(sessionId, "room", roomSeqs) },
  ]);
  const wav = await bindings.RESULT_BUCKET.get(`sessions/${sessionId}/audio/room.wav`);
  const bytes = new Uint8Array((await wav?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(toHex(sha256(bytes))).toBe(result.audio[1]?.wav?.sha256);
  expect(toHex(bytes.subarray(44))).toBe(roomSeqs.map((seq) => toHex(sampleSecond(seq))).join(""));
});

test("[K8] a finalized room of the version before answers with what it was, to the byte", async () => {
  const sessionId = "meeting-finalized";
  const seqs = range(1, 6);
  const { room, movedMs } = await storedRoom(sessionId, finalizedDump, { mixed: seqs });
  const stored = JSON.stringify({ stands: "for the result that R2 has" });
  await bindings.RESULT_BUCKET.put(`sessions/${sessionId}/result.json`, stored);
  const before = await room.dump(["jobs"]);

  const state = sessionStateSchema.parse(await (await get(sessionId, "state")).json());
  expect(state).toMatchObject({ status: "finalized", event_count: 8 });
  expect(state.state.bindings).toEqual({ speaker_1: "Alice" });
  expect(state.ingest).toMatchObject({
    track: "mixed",
    last_seq: 6,
    contiguous_seq: 6,
    archived_seq: 6,
    resolved_seq: 6,
    missing: [],
  });
  expect(await (await get(sessionId, "result")).text()).toBe(stored);
  expect(await (await post(sessionId, "finalize")).json()).toEqual({
    session_id: sessionId,
    result_key: `sessions/${sessionId}/result.json`,
    event_count: 8,
    finalized_at: new Date(1_795_861_211_327 + movedMs).toISOString(),
    coverage: 1,
    missing: {},
    not_ended: [],
  });
  const audio = new Uint8Array(await (await get(sessionId, "audio.wav")).arrayBuffer());
  expect(toHex(sha256(audio))).toBe("847664275c7c8024743fd74489a1e398c3c731ee8660d73e32d090056a13157f");
  const { deliveries } = deliveriesAnswerSchema.parse(await (await get(sessionId, "webhooks")).json());
  expect(deliveries).toMatchObject([
    { type: "session.finalized", event_id: 8, state: "pending", attempts: 1, last_error: "unreachable" },
  ]);
  // Migrations since then added these tables, and nothing that is in them.
  const { result_versions, ...now } = await room.dump(["jobs", "log_shares"]);
  const isNew = (table: string): boolean => before[table] === undefined;
  const after = Object.fromEntries(Object.entries(now).filter(([table]) => !isNew(table)));
  const added = Object.entries(now).filter(([table]) => isNew(table));
  expect(added.filter(([, rows]) => rows.length > 0)).toEqual([]);
  // Its result is the first version.
  expect(result_versions?.map((row) => JSON.parse(row) as unknown)).toMatchObject([
    { version: 1, event_id: 8, sha256: null },
  ]);
  expect(withoutVersion(after)).toEqual(withoutVersion(before));
});

/** Without what every version notes for itself: which it is, and how much log there is. */
function withoutVersion(tables: Record<string, string[]>): Record<string, string[]> {
  return { ...tables, log_shares: [], meta: tables["meta"]?.filter((row) => !row.includes('"schema_version"')) ?? [] };
}
