import { expect, inject, test } from "vitest";
import { seededRandom } from "../../client/testkit/fault-plan.ts";
import { type SessionResult, sessionResultSchema } from "../../schemas/http/result.ts";
import { type ResultVersions, resultVersionsSchema } from "../../schemas/http/versions.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";
import { placeTurns, offsetsOf } from "../../schemas/speech/axis.ts";
import { transcriptOf } from "../../schemas/speech/transcript.ts";
import finalizedDump from "./fixtures/room-finalized.sql?raw";
import { range, speechOf } from "./support/audio.ts";
import { bindings } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOf, eventsOfType, get, post, send } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { storedRoom } from "./support/stored-room.ts";
import { eventually } from "./support/waiting.ts";

const stored = async (id: string, name: string): Promise<string> =>
  (await (await bindings.RESULT_BUCKET.get(`sessions/${id}/${name}`))?.text()) ?? "";
const resultOf = async (id: string, query = ""): Promise<SessionResult> =>
  sessionResultSchema.parse(await (await get(id, `result${query}`)).json());
const versionsOf = async (id: string): Promise<ResultVersions> =>
  resultVersionsSchema.parse(await (await get(id, "results")).json());
const bind = (id: string, name: string): Promise<Response> => send("PUT", `/v1/sessions/${id}/bindings/c1`, { name });
const say = (id: string, text: string, utterance_id: string): Promise<Response> =>
  post(id, "utterances", { utterances: [{ utterance_id, start_ms: 100, end_ms: 900, text, speaker: "Speaker 0" }] });
const isMade = (id: string, version: number) => async (): Promise<boolean> => {
  const { versions, is_pending } = await versionsOf(id);
  return versions[0]?.version === version && !is_pending;
};

/** Four seconds of one speaker, finalized. */
async function finalized(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  await createSession(id, { resolve: { auto: true } });
  inference(id, (request) => Response.json(sameSpeaker(request)));
  await (await Client.connect(id)).keepAll(range(1, 4), speechOf);
  await eventually("all is archived", async () => (await room.pending()) === 0);
  expect((await post(id, "finalize", { metadata: { a: 1 } })).status).toBe(200);
  return room;
}

/** A version says what its own events say, whatever happened since. */
function expectWhole(result: SessionResult): void {
  const { events, audio, timeline, transcript, version = 0 } = result;
  const turns = timelineOf(events);
  const offsets = offsetsOf(audio);
  expect(timeline).toEqual(placeTurns(turns, offsets));
  expect(transcript).toEqual(transcriptOf(events, turns, offsets));
  expect(result).toMatchObject({ supersedes: version === 1 ? null : version - 1, made_at: events.at(-1)?.at });
}

test("[F7] what is said after finalize is in the log at once and in the next version soon, together; the first one stays", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const first = await stored(id, "results/1.json");
  expect((await bind(id, "Grace")).status).toBe(200);
  expect((await say(id, "hello", "u1")).status).toBe(200);
  const pending = await get(id, "result");
  expect([pending.headers.get("x-result-version"), pending.headers.get("x-result-pending")]).toEqual(["1", "true"]);
  expect(await (await get(id, "state")).json()).toMatchObject({ result: { version: 1, is_pending: true } });
  await room.evict();
  clock.advance(3_001);
  await room.wakeUntil("the second version is there", isMade(id, 2));
  const second = await resultOf(id);
  expect(second).toMatchObject({ version: 2, made_by: ["captions", "corrections"], metadata: { a: 1 } });
  expect(second.timeline[0]?.speaker_name).toBe("Grace");
  expectWhole(second);
  expect(await stored(id, "result.json")).toBe(await stored(id, "results/2.json"));
  expect(await stored(id, "results/1.json")).toBe(first);
  expect(await (await get(id, "result?version=1&include=centroids")).text()).toBe(first);
  expect((await eventsOfType(id, "result.revised")).map(({ version }) => version)).toEqual([2]);
  expect(second.audio).toEqual((await resultOf(id, "?version=1")).audio);
});

test("[E3] a name that a person gave goes over the label that an utterance came with", async () => {
  const room = await finalized();
  const id = room.sessionId;
  await say(id, "hello", "u1");
  clock.advance(3_001);
  await room.wakeUntil("the second version is there", isMade(id, 2));
  expect((await resultOf(id)).transcript).toMatchObject([{ cluster_id: "c1", speaker_name: "Speaker 0" }]);
  await bind(id, "Grace");
  expect(await (await get(id, "transcript.txt")).text()).toContain("Grace");
  clock.advance(3_001);
  await room.wakeUntil("the third version is there", isMade(id, 3));
  expect((await resultOf(id)).transcript).toMatchObject([{ speaker_name: "Grace" }]);
});

test("[F7] a version that R2 does not take is tried again, and nothing that comes meanwhile is lost", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const faults = bucketFaults(id);
  faults.failPuts();
  await bind(id, "Ada");
  clock.advance(3_001);
  await room.wake();
  await bind(id, "Grace");
  faults.heal();
  await room.evict();
  await room.wakeUntil("everything is in a version", async () => !(await versionsOf(id)).is_pending);
  const newest = await resultOf(id);
  expect(newest.timeline[0]?.speaker_name).toBe("Grace");
  expectWhole(newest);
});

test("[F7] a watcher is with the meeting until the version with the correction is there", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const after = (await eventsOf(id)).length;
  await bind(id, "Ada");
  clock.advance(3_001);
  await room.wakeUntil("the second version is there", isMade(id, 2));
  const sse = await get(id, `events?after=${after}`);
  expect((await sse.json<{ events: { type: string }[] }>()).events.map(({ type }) => type)).toEqual([
    "speaker.bound",
    "result.revised",
  ]);
});

test("[K8] a room that an earlier version finalized is corrected: its result, as it was, is the first version", async () => {
  // The dump's own room is another test's.
  const id = "meeting-corrected";
  const dump = finalizedDump.replaceAll("meeting-finalized", id);
  const { room } = await storedRoom(id, dump, { mixed: range(1, 6) });
  const text = JSON.stringify({ stands: "for the result that R2 has" });
  await bindings.RESULT_BUCKET.put(`sessions/${id}/result.json`, text);
  expect((await send("PUT", `/v1/sessions/${id}/bindings/speaker_1`, { name: "Grace" })).status).toBe(200);
  expect(await (await get(id, "result")).text()).toBe(text);
  clock.advance(3_001);
  await room.wakeUntil("the second version is there", isMade(id, 2));
  expect(await (await get(id, "result?version=1")).text()).toBe(text);
  expect(await stored(id, "results/1.json")).toBe(text);
  const result = await resultOf(id);
  expect(result).toMatchObject({ version: 2, supersedes: 1, made_by: ["corrections"] });
  expect(result.speakers[0]?.speaker_name).toBe("Grace");
});

const kills = 8;
const seed = inject("seed");
test(`[F7] killed at ${kills} random moments of making versions: each is whole, none is another, and all is in the last, seed ${seed}`, async () => {
  const random = seededRandom(seed);
  const room = await finalized();
  const id = room.sessionId;
  const seen = new Map<number, string>();
  for (const n of range(1, kills)) {
    const faults = bucketFaults(id);
    await bind(id, `Name ${n}`);
    if (random() < 0.5) await say(id, `said ${n}`, `u${n}`);
    const { hangs, release } = faults.hangFrom(1 + Math.floor(random() * 2), random() < 0.5 ? "before" : "after");
    clock.advance(3_001);
    const waking = room.wake().catch(() => false);
    await eventually("a version is being written", hangs);
    await room.kill();
    faults.heal();
    release();
    await waking;
    await room.wakeUntil("everything is in a version", async () => !(await versionsOf(id)).is_pending);
    for (const { version } of (await versionsOf(id)).versions) {
      const text = await (await get(id, `result?version=${version}`)).text();
      expect(text).toBe(seen.get(version) ?? text);
      seen.set(version, text);
      expectWhole(sessionResultSchema.parse(JSON.parse(text)));
    }
    expect((await resultOf(id)).timeline[0]?.speaker_name).toBe(`Name ${n}`);
  }
  const revised = (await eventsOfType(id, "result.revised")).map(({ version }) => version);
  expect(revised).toEqual(range(2, Math.max(...seen.keys())));
});
