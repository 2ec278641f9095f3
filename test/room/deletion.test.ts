/** Deleting a session: nothing is left of it anywhere, whatever fails meanwhile, and its id does not come back. */
import { describe, expect, test } from "vitest";
import { type DeletionReceipt, deletionPendingSchema, deletionReceiptSchema } from "../../schemas/http/sessions.ts";
import { range, speechOf } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, get, post, resolve, send } from "./support/http.ts";
import { listed, plant } from "./support/index.ts";
import { indexFaults } from "./support/index-faults.ts";
import { answerTo, inference, sameSpeaker } from "./support/inference.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually, within } from "./support/waiting.ts";

const remove = (id: string): Promise<Response> => gateway(`/v1/sessions/${id}`, { method: "DELETE" });
const deleted = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.status()) === "deleted";

async function receiptOf(answer: Response): Promise<DeletionReceipt> {
  expect(answer.status).toBe(200);
  return deletionReceiptSchema.parse(await answer.json());
}

/** A session that has something of everything, finalized. */
async function fullSession(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  const id = room.sessionId;
  await createSession(id, { roster: [{ name: "Ada" }], metadata: { a: 1 }, resolve: { auto: true, window_chunks: 2 } });
  inference(id, (request) => Response.json(sameSpeaker(request)));
  const [mixed, mic] = await Promise.all([Client.connect(id), Client.connect(id, { track: "mic" })]);
  await mixed.keepAll([1, 2, 3, 5], speechOf);
  await mic.keepAll(range(1, 3));
  await post(id, "utterances", { utterances: [{ text: "I am Ada", start_ms: 0, end_ms: 900 }] });
  await resolve(id, { "x-idempotency-key": "k" });
  expect((await post(id, "finalize")).status).toBe(200);
  await eventually("it is listed", async () => (await listed(id))?.status === "finalized");
  return room;
}

/** What may be left: a tombstone, and the look that is taken again later. */
async function expectNothingLeft(room: RoomUnderTest): Promise<void> {
  expect(await room.storedKeys()).toEqual([]);
  expect(await listed(room.sessionId)).toBeUndefined();
  const left = Object.entries(await room.dump()).filter(([, rows]) => rows.length > 0);
  expect(left.map(([table]) => table).filter((table) => table !== "jobs")).toEqual(["meta"]);
  const keys = (await room.rows("SELECT key FROM meta ORDER BY key")).map(({ key }) => key);
  expect(keys).toEqual(["deletion", "schema_version", "status"]);
  const jobs = (await room.rows("SELECT name FROM jobs")).map(({ name }) => name);
  expect(jobs.filter((name) => name !== "delete")).toEqual([]);
}

describe("all of it", () => {
  test("[I3] a finalized session: chunks, WAVs, result, rows and its place in the list", async () => {
    const room = await fullSession();
    const { objects } = await bindings.RESULT_BUCKET.list({ prefix: `sessions/${room.sessionId}/` });
    const bytes = objects.reduce((sum, { size }) => sum + size, 0);
    expect(objects.length).toBe(7 + 2 + 2);
    const receipt = await receiptOf(await remove(room.sessionId));
    expect(receipt).toMatchObject({ session_id: room.sessionId, by: "request", objects: objects.length, bytes });
    expect(receipt).toMatchObject({ unarchived_chunks: 0, tracks: 2, utterances: 1 });
    expect(receipt.events).toBeGreaterThan(5);
    await expectNothingLeft(room);
  });

  test("[I3] again: the same receipt, also after an eviction and after the last look", async () => {
    const room = await fullSession();
    const receipt = await receiptOf(await remove(room.sessionId));
    clock.advance(1_000);
    expect(await receiptOf(await remove(room.sessionId))).toEqual(receipt);
    await room.evict();
    expect(await receiptOf(await remove(room.sessionId))).toEqual(receipt);
    await room.wakeUntil("it looked again", async () => (await room.count("jobs")) === 0);
    expect(await receiptOf(await remove(room.sessionId))).toEqual(receipt);
    await expectNothingLeft(room);
  });

  test("[I3] many at once are one", async () => {
    const room = await fullSession();
    const receipts = await Promise.all(
      (await Promise.all(range(1, 5).map(() => remove(room.sessionId)))).map(receiptOf),
    );
    for (const receipt of receipts) expect(receipt).toEqual(receipts[0]);
    expect(bucketFaults(room.sessionId).deletes).toEqual([11]);
  });

  test("[I3] more objects than one listing holds, a batch at a time", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, {});
    const keys = range(1, 1_100).map((seq) => room.key(seq));
    for (let i = 0; i < keys.length; i += 100) {
      await Promise.all(keys.slice(i, i + 100).map((key) => bindings.RESULT_BUCKET.put(key, "x")));
    }
    expect(await receiptOf(await remove(room.sessionId))).toMatchObject({ objects: 1_100, bytes: 1_100 });
    expect(bucketFaults(room.sessionId).deletes).toEqual([1_000, 100]);
    await expectNothingLeft(room);
  });

  test("[T1] sessions whose ids begin alike, and the same id of another tenant, stay as they were", async () => {
    const id = newSession();
    const others = [`${id}b`, `${id}.`, `${id}-x`].map((sessionId) => new RoomUnderTest(sessionId));
    for (const room of [new RoomUnderTest(id), ...others]) {
      const client = await Client.connect(room.sessionId);
      await client.keep(1);
      await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    }
    const theirs = `tenants/acme/sessions/${id}/chunks/00000001.pcm`;
    await bindings.RESULT_BUCKET.put(theirs, "x");
    expect(await receiptOf(await remove(id))).toMatchObject({ objects: 1 });
    for (const room of others) {
      expect(await room.storedKeys()).toHaveLength(1);
      expect((await get(room.sessionId, "state")).status).toBe(200);
      expect(await listed(room.sessionId)).toBeDefined();
    }
    expect(await bindings.RESULT_BUCKET.head(theirs)).not.toBeNull();
  });

  test("[N3] one never opened: 404, and nothing is created", async () => {
    const room = new RoomUnderTest(newSession());
    const answer = await remove(room.sessionId);
    expect(answer.status).toBe(404);
    expect(await answer.json()).toMatchObject({ code: "session_not_found" });
    expect(await room.dump()).toEqual({});
    expect(await room.alarmAt()).toBeNull();
  });
});

describe("for good", () => {
  test("[I4] every route answers 410, and none brings it back", async () => {
    const room = await fullSession();
    const id = room.sessionId;
    await remove(id);
    const before = await room.dump();
    const asked: [string, string, object?][] = [
      ["GET", "/state"],
      ["GET", "/events"],
      ["GET", "/result"],
      ["GET", "/audio.wav"],
      ["GET", "/transcript.vtt"],
      ["GET", "/speakers.rttm"],
      ["GET", "/webhooks"],
      ["PATCH", "", { retention_days: 1 }],
      ["POST", "/finalize", {}],
      ["POST", "/utterances", { utterances: [{ text: "a", start_ms: 0, end_ms: 1 }] }],
      ["POST", "/resolve", { audio: { content_b64: "AAAA", format: "pcm_s16le" } }],
      ["POST", "/resolve/retry", {}],
      ["PUT", "/bindings/c1", { name: "Ada" }],
      ["DELETE", "/bindings/c1"],
      ["POST", "/clusters/c1/merge", { into: "c2" }],
      ["PATCH", "/turns/1", { suggestion: "confirmed" }],
    ];
    for (const [method, route, body] of asked) {
      const answer = await gateway(`/v1/sessions/${id}${route}`, {
        method,
        ...(body && { body: JSON.stringify(body) }),
      });
      expect([method, route, answer.status, await answer.json()]).toMatchObject([
        method,
        route,
        410,
        { code: "session_deleted" },
      ]);
    }
    expect((await send("POST", "/v1/sessions", { session_id: id })).status).toBe(410);
    const sse = await gateway(`/v1/sessions/${id}/events`, { headers: { accept: "text/event-stream" } });
    expect(sse.status).toBe(410);
    expect(await room.dump()).toEqual(before);
  });

  test("[I4] connections are refused, to stream and to watch, also after an eviction", async () => {
    const room = await fullSession();
    await remove(room.sessionId);
    for (let times = 0; times < 2; times += 1) {
      const client = await Client.connect(room.sessionId, { track: "mixed" });
      expect(await client.nextOf("error")).toMatchObject({ code: "session_finalized", retryable: false });
      await client.expectClose(4410);
      const watcher = await gateway(`/v1/sessions/${room.sessionId}/live`, { headers: { upgrade: "websocket" } });
      const closed = Promise.withResolvers<number>();
      watcher.webSocket?.addEventListener("close", ({ code }) => closed.resolve(code));
      watcher.webSocket?.accept();
      expect(await within(closed.promise, "the watcher's close")).toBe(4410);
      await room.evict();
    }
    await expectNothingLeft(room);
  });
});

describe("in the middle of things", () => {
  test("[I3] whoever streams is told and closed, whoever watches gets `closing`", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 3));
    const watcher = await gateway(`/v1/sessions/${room.sessionId}/live`, { headers: { upgrade: "websocket" } });
    const messages: string[] = [];
    const closed = Promise.withResolvers<number>();
    watcher.webSocket?.addEventListener("message", ({ data }) => {
      messages.push(String(data));
    });
    watcher.webSocket?.addEventListener("close", ({ code }) => closed.resolve(code));
    watcher.webSocket?.accept();
    const answer = remove(room.sessionId);
    expect(await client.nextOf("error")).toMatchObject({ code: "session_finalized" });
    await client.expectClose(4410);
    expect(await within(closed.promise, "the watcher's close")).toBe(1000);
    expect(messages.at(-1)).toBe('{"type":"closing","reason":"session_deleted"}');
    expect((await receiptOf(await answer)).tracks).toBe(1);
    await expectNothingLeft(room);
  });

  test("[I3] a put that is under way is waited for, and its object does not stay", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    const letGo = faults.holdPuts();
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 20));
    await eventually("puts are under way", () => faults.puts.length === 4);
    const answer = remove(room.sessionId);
    await eventually("it is marked", async () => (await room.status()) === "deleting");
    letGo();
    expect(await receiptOf(await answer)).toMatchObject({ objects: 4, unarchived_chunks: 16 });
    expect(faults.puts).toHaveLength(4);
    await expectNothingLeft(room);
  });

  test("[I3] a put that lands after the room was killed is found by the look that is taken again", async () => {
    const room = new RoomUnderTest(newSession());
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    await remove(room.sessionId);
    await bindings.RESULT_BUCKET.put(room.key(2), "late");
    await plant([{ session_id: room.sessionId, created_at: 1, status: "open" }]);
    await room.kill();
    await room.wakeUntil("it looked again", async () => (await room.storedKeys()).length === 0);
    expect(await room.status()).toBe("deleted");
    await expectNothingLeft(room);
  });

  test("[I3] a resolve under way changes nothing any more, and its caller learns why", async () => {
    const room = new RoomUnderTest(newSession());
    const held = Promise.withResolvers<void>();
    const requests = inference(room.sessionId, async (request) => {
      await held.promise;
      return Response.json(answerTo(request));
    });
    const first = resolve(room.sessionId);
    const waiting = resolve(room.sessionId);
    await eventually("the call is at the service", () => requests.length === 1);
    const answer = remove(room.sessionId);
    await eventually("it is marked", async () => (await room.status()) === "deleting");
    held.resolve();
    expect([(await first).status, (await waiting).status]).toEqual([410, 410]);
    await receiptOf(await answer);
    expect(requests).toHaveLength(1);
    await expectNothingLeft(room);
  });

  test("[I3] finalize under way ends, at each of its writes, and leaves no object", async () => {
    for (const step of ["create", "part 1", "complete"] as const) {
      const room = new RoomUnderTest(newSession());
      const faults = bucketFaults(room.sessionId);
      const client = await Client.connect(room.sessionId);
      await client.keepAll(range(1, 3));
      const letGo = faults.holdUpload(step, "before");
      const finalize = post(room.sessionId, "finalize");
      await eventually(`finalize is at: ${step}`, () => faults.uploadSteps.includes(step));
      const answer = remove(room.sessionId);
      await eventually("it is marked", async () => (await room.status()) === "deleting");
      letGo();
      expect((await finalize).status).toBe(410);
      await receiptOf(await answer);
      expect(faults.puts.filter((key) => key.endsWith("result.json"))).toEqual([]);
      expect(faults.openUploads.size).toBe(0);
      await expectNothingLeft(room);
    }
  });

  test("[I3] finalize at the put of its result ends too", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 3));
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    const letGo = faults.holdPuts((key) => key.endsWith("result.json"));
    const finalize = post(room.sessionId, "finalize");
    await eventually("the put is under way", () => faults.puts.some((key) => key.endsWith("result.json")));
    const answer = remove(room.sessionId);
    await eventually("it is marked", async () => (await room.status()) === "deleting");
    letGo();
    expect((await finalize).status).toBe(410);
    await receiptOf(await answer);
    expect(await room.status()).toBe("deleted");
    await expectNothingLeft(room);
  });

  test("[I3] an upload that a killed finalize left is aborted", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 3));
    faults.failUpload("part 1");
    expect((await post(room.sessionId, "finalize")).status).toBe(202);
    expect(faults.openUploads.size).toBe(1);
    await room.evict();
    faults.heal();
    await receiptOf(await remove(room.sessionId));
    expect(faults.openUploads.size).toBe(0);
    await expectNothingLeft(room);
  });
});

describe("through failures", () => {
  const faults: readonly [string, (id: string) => () => void][] = [
    ["R2 can't list", (id) => (bucketFaults(id).failLists(), () => bucketFaults(id).heal())],
    ["R2 can't delete", (id) => (bucketFaults(id).failDeletes(), () => bucketFaults(id).heal())],
    ["R2 deletes and does not say so", (id) => (bucketFaults(id).loseDeleteAnswers(), () => bucketFaults(id).heal())],
    ["D1 is down", (id) => (indexFaults(id).fail(), () => indexFaults(id).heal())],
  ];
  test.for(faults)("[I3] %s, for a while: 202, and it goes on by itself", async ([, begin]) => {
    const room = await fullSession();
    const heal = begin(room.sessionId);
    const answer = await remove(room.sessionId);
    expect(answer.status).toBe(202);
    expect(deletionPendingSchema.parse(await answer.json())).toMatchObject({ status: "deleting" });
    expect((await get(room.sessionId, "state")).status).toBe(410);
    await room.wake();
    await room.evict();
    heal();
    await room.wakeUntil("it is deleted", deleted(room));
    expect(await receiptOf(await remove(room.sessionId))).toMatchObject({ objects: 11, tracks: 2 });
    await expectNothingLeft(room);
  });

  const kills: readonly [string, (id: string) => () => void][] = [
    ["before the list", (id) => bucketFaults(id).hold("lists")],
    ["before the delete", (id) => bucketFaults(id).hold("deletes")],
    ["after the delete", (id) => bucketFaults(id).hold("delete answers")],
    ["at the index", (id) => indexFaults(id).hold("DELETE")],
  ];
  test.for(kills)("[I3] killed %s: the alarm goes on, and counts nothing twice", async ([where, hold]) => {
    const room = await fullSession();
    const letGo = hold(room.sessionId);
    const answer = remove(room.sessionId).catch(() => undefined);
    await eventually("it is marked", async () => (await room.status()) === "deleting");
    if (where === "after the delete") {
      await eventually("R2 has deleted", async () => (await room.storedKeys()).length === 0);
    } else if (where === "at the index") {
      await eventually("D1 is asked", () => indexFaults(room.sessionId).statements.includes("DELETE"));
    }
    await room.kill();
    await answer;
    bucketFaults(room.sessionId).heal();
    indexFaults(room.sessionId).heal();
    letGo();
    // No request: the room's own alarm.
    await room.wakeUntil("it is deleted", deleted(room));
    expect(await receiptOf(await remove(room.sessionId))).toMatchObject({ objects: 11 });
    await expectNothingLeft(room);
  });

  test("[I3] killed at any time, marked or not", async () => {
    for (const round of range(1, 6)) {
      const room = await fullSession();
      const answer = remove(room.sessionId).catch(() => undefined);
      await scheduler.wait(round * 3);
      await room.kill();
      await answer;
      await room.wakeUntil("it is deleted", async () => {
        if (await deleted(room)()) return true;
        // The kill may have come before the mark: then nobody was told that it is deleted.
        if ((await room.status()) !== "deleting") await remove(room.sessionId);
        return deleted(room)();
      });
      expect(await room.count("ledger")).toBe(0);
      await expectNothingLeft(room);
    }
  });

  test("[I3] the list shows that it is being deleted", async () => {
    const room = await fullSession();
    const bucket = bucketFaults(room.sessionId);
    bucket.failLists();
    expect((await remove(room.sessionId)).status).toBe(202);
    expect(await listed(room.sessionId)).toMatchObject({ status: "deleting" });
    bucket.heal();
    await room.wakeUntil("it is deleted", deleted(room));
    expect(await listed(room.sessionId)).toBeUndefined();
  });
});
