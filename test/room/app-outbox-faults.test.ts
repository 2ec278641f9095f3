/** Rooms whose outbox for the app another version wrote, and rooms whose app is bound no more. */
import { expect, test } from "vitest";
import { bindApp, faults, unbindApp } from "./support/app-faults.ts";
import { Client } from "./support/client.ts";
import { post, send } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";

const unreadable = {
  "a message": (storage: DurableObjectStorage) =>
    storage.sql.exec("INSERT INTO app_outbox (id, body) VALUES (900, ?)", JSON.stringify({ type: "unknown", id: 900 })),
  "a message that is no JSON": (storage: DurableObjectStorage) =>
    storage.sql.exec("INSERT INTO app_outbox (id, body) VALUES (900, '{')"),
  "what was told": (storage: DurableObjectStorage) =>
    storage.sql.exec("INSERT OR REPLACE INTO app_told (key, value) VALUES ('told', '{}')"),
} as const;

test.each(Object.entries(unreadable))(
  "[X5] [K7] %s that this version can't read: chunks are acked, archived, finalized and deleted, and the row stays",
  async (_, write) => {
    const room = new RoomUnderTest(newSession());
    bindApp(room.sessionId).fault = faults.down;
    const client = await Client.connect(room.sessionId);
    await client.keep(1);
    await room.inside((storage) => {
      write(storage);
    });
    await room.kill();
    const again = await Client.connect(room.sessionId);
    expect((await again.keep(2)).status).toBe("stored");
    await room.wakeUntil("archived", async () => (await room.pending()) === 0);
    expect((await post(room.sessionId, "finalize")).status).toBe(200);
    expect((await send("DELETE", `/v1/sessions/${room.sessionId}`)).status).toBe(200);
    expect(await room.status()).toBe("deleted");
    expect((await room.count("app_outbox", "id = 900")) + (await room.count("app_told", "value = '{}'"))).toBe(1);
  },
);

test("[X6] deleted while no app is bound, after one had heard of the session: told when it is bound again", async () => {
  const room = new RoomUnderTest(newSession());
  const app = bindApp(room.sessionId);
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  await room.wakeUntil("told", async () => app.sent.some(({ type }) => type === "track.progressed"));
  unbindApp(room.sessionId);
  await room.kill();
  expect((await send("DELETE", `/v1/sessions/${room.sessionId}`)).status).toBe(200);
  expect(await room.status()).toBe("deleted");
  const bound = bindApp(room.sessionId);
  await room.kill();
  await room.wakeUntil("told", async () => bound.sent.some(({ type }) => type === "session.deleted"));
  expect(bound.sent.at(-1)?.type).toBe("session.deleted");
});
