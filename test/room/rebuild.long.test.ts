/** Storage that is lost, and what of it R2 brings back. */
import { expect, test } from "vitest";
import { type RebuildAnswer, rebuildAnswerSchema } from "../../schemas/http/rebuild.ts";
import { limits } from "../../schemas/limits.ts";
import { chunkKey } from "../../server/gateway/archive/keys.ts";
import { pcmOf, range } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { keyFor, bearer, guarded } from "./support/doors.ts";
import { createSession, eventsOf, get, post, send } from "./support/http.ts";
import { listed } from "./support/index.ts";
import { answerTo, inference } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

async function rebuild(body: object): Promise<RebuildAnswer> {
  const answer = await send("POST", "/admin/sessions/rebuild", body);
  expect(answer.status).toBe(200);
  return rebuildAnswerSchema.parse(await answer.json());
}

const alone = (session_id: string): object => ({ session: { tenant: "default", session_id } });

/** The room's storage is lost, as if its object had never been. */
async function lose(room: RoomUnderTest): Promise<void> {
  await room.inside(async (storage) => {
    await storage.deleteAlarm();
    await storage.deleteAll();
  });
  await room.kill();
  expect((await get(room.sessionId, "state")).status).toBe(404);
}

const bind = (id: string, name: string): Promise<Response> => send("PUT", `/v1/sessions/${id}/bindings/c1`, { name });

/** A meeting with a speaker who has a name, words, a gap, and a second version of its result. */
async function finalized(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  inference(id, (request) => Response.json(answerTo(request)));
  await createSession(id, { title: "Board", metadata: { topic: "money" } });
  await (await Client.connect(id)).keepAll([1, 2, 3, 5, 6]);
  await post(id, "resolve", { audio: { content_b64: "AAAA", format: "pcm_s16le" } });
  await post(id, "utterances", {
    utterances: [{ utterance_id: "u1", start_ms: 10, end_ms: 900, text: "Good morning." }],
  });
  expect((await post(id, "finalize", { expect: { mixed: 7 }, metadata: { closed: true } })).status).toBe(200);
  expect((await bind(id, "Ada")).status).toBe(200);
  await room.wakeUntil("revised", async () => (await get(id, "result")).headers.get("x-result-version") === "2");
  await room.wakeUntil("listed", async () => (await listed(id))?.people.length === 1);
  return room;
}

const views = [
  "result",
  "result?version=1",
  "results",
  "transcript.txt",
  "transcript.vtt",
  "speakers.rttm",
  "peaks?track=mixed",
];

async function read(id: string): Promise<Record<string, unknown>> {
  const texts = await Promise.all(views.map(async (view) => [view, await (await get(id, view)).text()] as const));
  const audio = await get(id, "audio.wav?track=mixed");
  return { ...Object.fromEntries(texts), audio: [audio.status, new Uint8Array(await audio.arrayBuffer()).toHex()] };
}

test("[I9] a finalized session whose room is lost reads, exports and lists as before, to the byte; what is lost is named", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const [before, row] = [await read(id), await listed(id)];
  const state = await (await get(id, "state")).json<Record<string, unknown>>();
  const events = await eventsOf(id);
  await lose(room);

  const answer = await rebuild(alone(id));
  expect(answer).toEqual({
    sessions: [{ tenant: "default", session_id: id, outcome: "rebuilt", lost: ["settings", "webhooks"] }],
    next: null,
    is_indexed: true,
  });
  expect(await read(id)).toEqual(before);
  // Its last change was that the second version is stored, which no object of R2 tells.
  const { updated_at: lastChange = "" } = row ?? {};
  const back = await listed(id);
  expect({ ...back, updated_at: lastChange }).toEqual(row);
  expect(Date.parse(lastChange) - Date.parse(back?.updated_at ?? "")).toBeGreaterThanOrEqual(0);
  // What was appended behind the last version is in no object of R2.
  const told = await eventsOf(id);
  expect(events.slice(0, told.length)).toEqual(told);
  expect(new Set(events.slice(told.length).map(({ type }) => type))).toEqual(new Set(["result.revised"]));
  const after = await (await get(id, "state")).json<Record<string, unknown>>();
  expect(after["state"]).toEqual(state["state"]);
  expect(after["ingest_by_track"]).toEqual(state["ingest_by_track"]);

  // It goes on as it would have: a correction makes the next version, and asking again changes nothing.
  expect((await bind(id, "Grace")).status).toBe(200);
  await room.wakeUntil("revised", async () => (await get(id, "result")).headers.get("x-result-version") === "3");
  expect((await rebuild(alone(id))).sessions).toMatchObject([{ outcome: "listed", lost: [] }]);
  expect((await gateway(`/v1/sessions/${id}`, { method: "DELETE" })).status).toBe(200);
  expect((await rebuild(alone(id))).sessions).toMatchObject([{ outcome: "deleted", lost: [] }]);
});

test("[I9] an open session goes on from the seconds that R2 has: those are confirmed, and what it lacked is named", async () => {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  const client = await Client.connect(id);
  await client.keepAll([1, 2, 4]);
  await room.wakeUntil("archived", async () => (await room.pending()) === 0);
  await lose(room);
  const [session] = (await rebuild(alone(id))).sessions;
  expect(session).toMatchObject({ outcome: "rebuilt", lost: ["settings", "webhooks", "unarchived_audio", "events"] });
  const again = await Client.connect(id);
  expect(await again.hello()).toMatchObject({ resume: { missing: [[3, 3]], next_seq: 5 } });
  again.sendChunk(2);
  expect(await again.nextOf("ack")).toMatchObject({ status: "duplicate" });
  again.sendChunk(3);
  expect(await again.nextOf("ack")).toMatchObject({ status: "stored", contiguous_seq: 4 });
  expect((await post(id, "finalize")).status).toBe(200);
  expect(await (await get(id, "result")).json()).toMatchObject({ coverage: 1, audio: [{ chunks: 4 }] });
});

test("[I9] [limit:maxRebuiltSessions] the list is written anew from the rooms, all tenants' in the order of their keys, a page at a time", async () => {
  const rooms: string[] = [];
  for (const tenant of ["default", "acme", "umbra"]) {
    const { key } = await keyFor(tenant, ["admin"]);
    const headers = { "content-type": "application/json", ...bearer(key) };
    for (const _ of range(1, tenant === "default" ? limits.maxRebuiltSessions : 2)) {
      const id = `walk-${newSession()}`;
      const opened = await guarded("/v1/sessions", {
        method: "POST",
        headers,
        body: JSON.stringify({ session_id: id }),
      });
      expect(opened.status).toBe(201);
      await bindings.RESULT_BUCKET.put(chunkKey({ tenant, sessionId: id }, "mixed", 1), pcmOf(1));
      rooms.push(id);
    }
  }
  // Beside them lies what is no session's.
  for (const key of ["sync/ada/body", "loose", "tenants/acme/notes/1", "tenants/odd"])
    await bindings.RESULT_BUCKET.put(key, "a");
  await bindings.DB.prepare("DELETE FROM sessions").run();
  const seen: string[] = [];
  let pages = 0;
  for (let after: string | null = ""; after !== null; pages += 1) {
    const answer: RebuildAnswer = await rebuild(after === "" ? {} : { after });
    expect(answer.sessions.length).toBeLessThanOrEqual(limits.maxRebuiltSessions);
    seen.push(...answer.sessions.filter(({ outcome }) => outcome === "listed").map(({ session_id }) => session_id));
    after = answer.next;
  }
  expect(pages).toBeGreaterThan(1);
  expect(new Set(seen).size).toBe(seen.length);
  for (const id of rooms) expect(seen).toContain(id);
  const { results } = await bindings.DB.prepare("SELECT session_id FROM sessions").run<{ session_id: string }>();
  for (const id of rooms) expect(results.map((row) => row.session_id)).toContain(id);
}, 180_000);

test("[I9] seconds and results that R2 lost too are named, and what is there is read all the same", async () => {
  const room = await finalized();
  const id = room.sessionId;
  await bindings.RESULT_BUCKET.delete(room.key(2));
  await bindings.RESULT_BUCKET.put(`sessions/${id}/results/1.json`, '{"half');
  await lose(room);
  const [session] = (await rebuild(alone(id))).sessions;
  expect(session).toMatchObject({ outcome: "rebuilt", lost: ["settings", "webhooks", "seconds", "result"] });
  expect(await (await get(id, "state")).json()).toMatchObject({
    ingest: {
      missing: [
        [2, 2],
        [4, 4],
        [7, 7],
      ],
    },
  });
  expect((await get(id, "result")).status).toBe(200);
  expect((await get(id, "result?version=1")).status).toBe(404);
});

test("[I9] while R2 or D1 fails nothing is half made; who never was is absent; only the operator may ask", async () => {
  const room = await finalized();
  const id = room.sessionId;
  const before = await read(id);
  await lose(room);
  const faults = bucketFaults(id);
  faults.failGets();
  expect((await rebuild(alone(id))).sessions).toMatchObject([{ outcome: "failed", lost: [] }]);
  faults.heal();
  expect((await rebuild(alone(id))).sessions).toMatchObject([{ outcome: "rebuilt" }]);
  expect(await read(id)).toEqual(before);
  expect((await rebuild(alone(`never-${id}`))).sessions).toMatchObject([{ outcome: "absent" }]);
  expect((await get(`never-${id}`, "state")).status).toBe(404);
  const { key } = await keyFor("acme", ["admin"]);
  const options = { method: "POST", body: "{}", headers: { "content-type": "application/json", ...bearer(key) } };
  expect((await guarded("/admin/sessions/rebuild", options)).status).toBe(403);
});
