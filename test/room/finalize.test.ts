import { expect, test } from "vitest";
import { finalizeAnswerSchema } from "../../schemas/http/finalize.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { range } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, get, post, resolve } from "./support/http.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually, within } from "./support/waiting.ts";

const finalized = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.status()) === "finalized";
const isResult = (key: string): boolean => key.endsWith("/result.json");
const resultPuts = (room: RoomUnderTest): number => bucketFaults(room.sessionId).puts.filter(isResult).length;

async function resultText(room: RoomUnderTest): Promise<string> {
  const object = await bindings.RESULT_BUCKET.get(`sessions/${room.sessionId}/result.json`);
  if (!object) throw new Error("there is no result.json");
  return object.text();
}

async function resultOf(room: RoomUnderTest): Promise<SessionResult> {
  return sessionResultSchema.parse(JSON.parse(await resultText(room)));
}

function eventTypes(result: SessionResult): string[] {
  return result.events.map(({ type }) => type);
}

/** Loses the last step of finalize, as a crash right after the put does, and lets the room come back to it. */
async function writeAgain(room: RoomUnderTest): Promise<void> {
  await room.rows("UPDATE meta SET value = 'finalizing' WHERE key = 'status'");
  await room.rows("INSERT OR REPLACE INTO jobs (name, due_at) VALUES ('finalize', ?)", clock.now() + 1);
  await room.evict();
  // Any request makes the room load its jobs and arm its alarm.
  expect((await get(room.sessionId, "result")).status).toBe(409);
  const before = resultPuts(room);
  clock.advance(60_000);
  await room.wakeUntil("finalized again", finalized(room));
  expect(resultPuts(room)).toBe(before + 1);
}

test("[F1] finalize again gives the same answer and writes nothing", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2, 4]);
  const first = await post(room.sessionId, "finalize", { metadata: { title: "standup" }, expect: { mixed: 5 } });
  expect(first.status).toBe(200);
  const answer = finalizeAnswerSchema.parse(await first.json());
  expect(answer).toMatchObject({ coverage: 0.6, result_key: `sessions/${room.sessionId}/result.json` });
  const written = await resultText(room);
  clock.advance(5_000);
  await room.evict();
  const second = await post(room.sessionId, "finalize", { metadata: { title: "standup" }, expect: { mixed: 5 } });
  expect(await second.json()).toEqual(answer);
  expect(await resultText(room)).toBe(written);
  expect(resultPuts(room)).toBe(1);
  const result = await resultOf(room);
  expect(result).toMatchObject({ metadata: { title: "standup" }, coverage: 0.6 });
  expect(result.gaps).toEqual([
    { track: "mixed", from_seq: 3, to_seq: 3, cause: "never_sent" },
    { track: "mixed", from_seq: 5, to_seq: 5, cause: "never_sent" },
  ]);
  expect(result.events).toHaveLength(answer.event_count);
});

test("[F1] two finalizes at once are one", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 10));
  const answers = await Promise.all(range(1, 5).map(() => post(room.sessionId, "finalize")));
  const bodies = await Promise.all(answers.map((answer) => answer.json()));
  for (const body of bodies) expect(body).toEqual(bodies[0]);
  expect(resultPuts(room)).toBe(1);
  expect(eventTypes(await resultOf(room))).toEqual(["track.opened", "session.finalizing", "session.finalized"]);
});

test("[F1] evicted while R2 is down: the alarm finalizes when it is back, with one result", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const client = await Client.connect(room.sessionId);
  await client.keepAll(range(1, 6));
  const answer = await post(room.sessionId, "finalize", { metadata: { kept: true } });
  expect(answer.status).toBe(202);
  expect(answer.headers.get("location")).toBe(`/v1/sessions/${room.sessionId}/result`);
  expect(await answer.json()).toEqual({
    session_id: room.sessionId,
    status: "finalizing",
    pending_chunks: 6,
    missing: {},
    not_ended: ["mixed"],
  });
  await room.evict();
  await room.wake();
  expect(await room.status()).toBe("finalizing");
  expect((await get(room.sessionId, "result")).status).toBe(409);
  await room.evict();
  faults.heal();
  await room.wakeUntil("finalized", finalized(room));
  expect((await room.storedKeys()).filter(isResult)).toHaveLength(1);
  const result = await resultOf(room);
  expect(result).toMatchObject({ metadata: { kept: true }, coverage: 1, ingest: { archived_seq: 6 } });
  expect(eventTypes(result)).toEqual(["track.opened", "session.finalizing", "session.finalized"]);
  expect((await get(room.sessionId, "result")).status).toBe(200);
});

test("[F1] killed while the result is being written: finalized by the alarm", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2]);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  const release = faults.holdPuts();
  const cut = post(room.sessionId, "finalize").catch(() => undefined);
  await eventually("the result is on its way", () => resultPuts(room) === 1);
  await room.kill();
  release();
  faults.heal();
  await within(cut, "the request that was cut off");
  await room.wakeUntil("finalized", finalized(room));
  expect(eventTypes(await resultOf(room)).filter((type) => type === "session.finalized")).toHaveLength(1);
});

test("[F1] a result whose put was answered with an error is written again, the same to the byte", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  inference(room.sessionId, (request) => Response.json(answerTo(request)));
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2, 5]);
  await resolve(room.sessionId, {}, { roster: [{ name: "Ada", email: "ada@example.com" }] });
  faults.loseAnswers(isResult);
  expect((await post(room.sessionId, "finalize", { metadata: { b: 1, a: [1e21, "é"] } })).status).toBe(202);
  const first = await resultText(room);
  await room.evict();
  faults.heal();
  clock.advance(60_000);
  await room.wakeUntil("finalized", finalized(room));
  expect(resultPuts(room)).toBeGreaterThan(1);
  expect(await resultText(room)).toBe(first);
});

test("[F1] a crash between the put and the last step writes the same bytes again", async () => {
  const room = new RoomUnderTest(newSession());
  const zeta = await Client.connect(room.sessionId, { track: "zeta" });
  await zeta.keepAll([1, 3]);
  clock.advance(10);
  const alpha = await Client.connect(room.sessionId, { track: "alpha" });
  await alpha.keepAll([1, 2]);
  await alpha.refused("{", "bad_json");
  expect((await post(room.sessionId, "finalize", { expect: { alpha: 4 } })).status).toBe(200);
  const first = await resultText(room);
  await writeAgain(room);
  expect(await resultText(room)).toBe(first);
});

test("[F1] the same bytes again also when tracks were opened in the same millisecond", async () => {
  const room = new RoomUnderTest(newSession());
  const zeta = await Client.connect(room.sessionId, { track: "zeta" });
  const alpha = await Client.connect(room.sessionId, { track: "alpha" });
  await zeta.keep(1);
  await alpha.keep(1);
  expect((await post(room.sessionId, "finalize")).status).toBe(200);
  const first = await resultText(room);
  await writeAgain(room);
  expect(await resultText(room)).toBe(first);
});

test("[F1] an expected end far beyond the last chunk counts as missing", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  expect((await post(room.sessionId, "finalize", { expect: { mixed: 100_000 } })).status).toBe(200);
  expect((await resultOf(room)).coverage).toBeCloseTo(1e-5, 12);
});

test("[F1] finalize waits for the resolve under way and keeps what it decided", async () => {
  const room = new RoomUnderTest(newSession());
  const held = Promise.withResolvers<void>();
  const requests = inference(room.sessionId, async (request) => {
    await held.promise;
    return Response.json(answerTo(request));
  });
  const first = resolve(room.sessionId);
  const waiting = resolve(room.sessionId);
  await eventually("the call is at the service", () => requests.length === 1);
  const done = post(room.sessionId, "finalize");
  await eventually("finalize began", async () => (await room.status()) === "finalizing");
  held.resolve();
  expect((await first).status).toBe(200);
  expect(await (await waiting).json()).toMatchObject({ code: "session_finalized", status: 409 });
  expect((await done).status).toBe(200);
  const result = await resultOf(room);
  expect(result.state.clusters).toHaveLength(1);
  expect(eventTypes(result)).toEqual(["session.finalizing", "speaker.resolved", "session.finalized"]);
});

test("[F2] after finalize began nothing is kept, and the refusal says so", async () => {
  const room = new RoomUnderTest(newSession());
  const faults = bucketFaults(room.sessionId);
  faults.failPuts();
  const [open, other] = await Promise.all([
    Client.connect(room.sessionId),
    Client.connect(room.sessionId, { track: "mic" }),
  ]);
  await open.keep(1);
  expect((await post(room.sessionId, "finalize")).status).toBe(202);
  const before = await room.dump(["jobs"]);
  expect(await open.keep(1)).toMatchObject({ status: "duplicate", duplicate_count: 0 });
  open.sendChunk(2);
  expect(await open.nextOf("error")).toMatchObject({ code: "session_finalized", seq: 2, retryable: false });
  await open.expectClose(4410);
  await room.evict();
  other.sendChunk(1);
  expect(await other.nextOf("error")).toMatchObject({ code: "session_finalized" });
  await other.expectClose(4410);
  const late = await Client.connect(room.sessionId, { track: "late" });
  expect(await late.nextOf("error")).toMatchObject({ code: "session_finalized" });
  await late.expectClose(4410);
  expect(await room.dump(["jobs"])).toEqual(before);
  faults.heal();
  await room.wakeUntil("finalized", finalized(room));
  expect((await resultOf(room)).ingest).toMatchObject({ received_chunks: 1, duplicate_chunks: 0 });
});

test("[F1] a result that R2 does not give just now is asked for again, and nothing else is said of it", async () => {
  const room = new RoomUnderTest(newSession());
  await (await Client.connect(room.sessionId)).keepAll([1, 2]);
  expect((await post(room.sessionId, "finalize")).status).toBe(200);
  const faults = bucketFaults(room.sessionId);
  faults.failGets();
  const refused = await get(room.sessionId, "result");
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ code: "result_unavailable" });
  faults.heal();
  expect((await get(room.sessionId, "result")).status).toBe(200);
});

const others: readonly [string, object][] = [
  ["metadata", { metadata: { title: "other" } }],
  ["metadata besides", { metadata: { title: "standup", more: [1, { a: null }] } }],
  ["a later end", { expect: { mixed: 3 } }],
  ["another track", { expect: { mic: 0 } }],
];
test.for(others)("[F1] another finalize with other %s is refused, and changes nothing", async ([, body]) => {
  const room = new RoomUnderTest(newSession());
  await (await Client.connect(room.sessionId)).keepAll([1, 2]);
  const metadata = { title: "standup", tags: { b: 1, a: [2] } };
  expect((await post(room.sessionId, "finalize", { metadata })).status).toBe(200);
  const before = await room.dump();
  const refused = await post(room.sessionId, "finalize", body);
  expect([refused.status, await refused.json()]).toMatchObject([409, { code: "session_finalized" }]);
  expect(await room.dump()).toEqual(before);
  // What it has is no other, in whatever order the fields are written.
  const same = { metadata: { tags: { a: [2], b: 1 } }, expect: { mixed: 1 }, grace_ms: 1_000 };
  expect((await post(room.sessionId, "finalize", same)).status).toBe(200);
});

test("[F1] a meeting without a second is not covered", async () => {
  const id = newSession();
  await createSession(id, {});
  expect(await (await post(id, "finalize")).json()).toMatchObject({ coverage: 0, missing: {}, not_ended: [] });
});
