/** Sessions that end and go by themselves. */
import { describe, expect, test } from "vitest";
import { deletionReceiptSchema } from "../../schemas/http/sessions.ts";
import { range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, get, post, send } from "./support/http.ts";
import { listed } from "./support/index.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const configure = (id: string, body: object): Promise<Response> => send("PATCH", `/v1/sessions/${id}`, body);
const hasStatus = (room: RoomUnderTest, status: string) => async (): Promise<boolean> =>
  (await room.status()) === status;
const dueAt = async (room: RoomUnderTest, job: string): Promise<number | undefined> => {
  const [row] = await room.rows("SELECT due_at FROM jobs WHERE name = ?", job);
  return row && Number(row["due_at"]);
};

describe("auto-finalize", () => {
  test("[I6] a session without new audio for so long is finalized, with no client's help", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, { auto_finalize_after_ms: 6 * hourMs, metadata: { a: 1 } });
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 3));
    const lastAt = clock.now();
    await room.evict();
    await room.wakeUntil("it is finalized", hasStatus(room, "finalized"));
    expect(clock.now()).toBeGreaterThanOrEqual(lastAt + 6 * hourMs);
    expect(await (await get(room.sessionId, "result")).json()).toMatchObject({ metadata: { a: 1 }, coverage: 1 });
    await eventually("it is listed so", async () => (await listed(room.sessionId))?.status === "finalized");
  });

  test("[I6] audio puts it off, and no row is written for each chunk", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, { auto_finalize_after_ms: hourMs });
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    const first = await dueAt(room, "auto_finalize");
    expect(first).toBe(clock.now() + hourMs);
    clock.advance(hourMs / 2);
    await client.keepAll(range(2, 10));
    expect(await dueAt(room, "auto_finalize")).toBe(first);
    await room.wakeUntil("the alarm went off", async () => (await dueAt(room, "auto_finalize")) !== first);
    expect(await room.status()).toBe("open");
    expect(await dueAt(room, "auto_finalize")).toBe((first ?? 0) + hourMs / 2);
    await room.wakeUntil("it is finalized", hasStatus(room, "finalized"));
  });

  test("[I6] one that has no audio yet waits for its meeting, however long; 0 switches it off", async () => {
    const early = new RoomUnderTest(newSession());
    await createSession(early.sessionId, { auto_finalize_after_ms: hourMs });
    const off = new RoomUnderTest(newSession());
    await createSession(off.sessionId, { auto_finalize_after_ms: 0 });
    await (await Client.connect(off.sessionId)).keep(1);
    clock.advance(30 * dayMs);
    for (const room of [early, off]) {
      while (await room.wake()) if ((await room.count("jobs")) === 0) break;
      expect(await room.status()).toBe("open");
    }
    await (await Client.connect(early.sessionId)).keep(1);
    expect(await dueAt(early, "auto_finalize")).toBe(clock.now() + hourMs);
  });

  test("[I6] killed at its time: it is finalized once the room wakes, and once", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    await createSession(room.sessionId, { auto_finalize_after_ms: hourMs });
    await (await Client.connect(room.sessionId)).keep(1);
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    faults.failPuts();
    await room.wakeUntil("it began", hasStatus(room, "finalizing"));
    await room.kill();
    faults.heal();
    await room.wakeUntil("it is finalized", hasStatus(room, "finalized"));
    expect(await room.count("events", "type = 'session.finalizing'")).toBe(1);
  });
});

describe("retention", () => {
  test("[I5] so many days after finalize everything is deleted, by the room", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, { retention_days: 30 });
    await (await Client.connect(room.sessionId)).keepAll(range(1, 3));
    await post(room.sessionId, "finalize");
    const finalizedAt = clock.now();
    await room.evict();
    await room.wakeUntil("it is deleted", hasStatus(room, "deleted"));
    expect(clock.now()).toBeGreaterThanOrEqual(finalizedAt + 30 * dayMs);
    const again = await gateway(`/v1/sessions/${room.sessionId}`, { method: "DELETE" });
    expect(deletionReceiptSchema.parse(await again.json())).toMatchObject({ by: "room", tracks: 1 });
    expect(await room.storedKeys()).toEqual([]);
    expect(await listed(room.sessionId)).toBeUndefined();
  });

  test("[I5] one never finalized goes after its last activity", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, { retention_days: 2 });
    const client = await Client.connect(room.sessionId);
    clock.advance(dayMs);
    await client.keep(1);
    const lastAt = clock.now();
    await room.wakeUntil(
      "the alarm of its opening went off",
      async () => (await dueAt(room, "retention")) === lastAt + 2 * dayMs,
    );
    expect(await room.status()).toBe("open");
    await room.wakeUntil("it is deleted", hasStatus(room, "deleted"));
    expect(clock.now()).toBeGreaterThanOrEqual(lastAt + 2 * dayMs);
  });

  test("[I5] it can be made longer, shorter and unlimited, after finalize too", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, { retention_days: 1 });
    await post(room.sessionId, "finalize");
    const finalizedAt = clock.now();
    expect(await (await configure(room.sessionId, { retention_days: null })).json()).toMatchObject({
      status: "finalized",
      retention_days: null,
    });
    await room.evict();
    while (await room.wake()) if ((await room.count("jobs")) === 0) break;
    expect(await room.status()).toBe("finalized");
    expect((await configure(room.sessionId, { retention_days: 9 })).status).toBe(200);
    expect((await configure(room.sessionId, { retention_days: 3 })).status).toBe(200);
    expect(await dueAt(room, "retention")).toBe(finalizedAt + 3 * dayMs);
    const both = await configure(room.sessionId, { retention_days: 5, metadata: {} });
    expect(await both.json()).toMatchObject({ status: 409, code: "session_finalized" });
    await room.wakeUntil("it is deleted", hasStatus(room, "deleted"));
  });

  test("[I5] R2 down at its time: it goes on until nothing is left", async () => {
    const room = new RoomUnderTest(newSession());
    const faults = bucketFaults(room.sessionId);
    await createSession(room.sessionId, { retention_days: 1 });
    await (await Client.connect(room.sessionId)).keep(1);
    await post(room.sessionId, "finalize");
    faults.failDeletes();
    await room.wakeUntil("it began", hasStatus(room, "deleting"));
    await room.kill();
    faults.heal();
    await room.wakeUntil("it is deleted", hasStatus(room, "deleted"));
    expect(await room.storedKeys()).toEqual([]);
  });

  const bad: readonly object[] = [
    { retention_days: 0 },
    { retention_days: 1.5 },
    { retention_days: "30" },
    { retention_days: 36_501 },
    { auto_finalize_after_ms: 999 },
    { auto_finalize_after_ms: -1 },
    { auto_finalize_after_ms: null },
  ];
  test.for(bad)("[I5] %j is refused", async (body) => {
    expect((await send("POST", "/v1/sessions", body)).status).toBe(400);
  });

  test("[I5] asked for twice a session is there once; with another retention it is a conflict", async () => {
    const session_id = newSession();
    const create = (retention_days: number): Promise<Response> =>
      send("POST", "/v1/sessions", { session_id, retention_days, auto_finalize_after_ms: hourMs });
    expect([await create(5), await create(5), await create(6)].map(({ status }) => status)).toEqual([201, 200, 409]);
  });
});
