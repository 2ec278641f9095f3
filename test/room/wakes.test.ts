/** What a room finds again by itself when it wakes, though its alarm was lost or came without the room's name. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import { bucketFaults } from "./support/bucket-faults.ts";
import { Client } from "./support/client.ts";
import { get, send } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { eventually } from "./support/waiting.ts";

test("[I3] a marked deletion whose job is lost goes on when the room wakes", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  const letGo = bucketFaults(room.sessionId).hold("lists");
  const asked = send("DELETE", `/v1/sessions/${room.sessionId}`).catch(() => undefined);
  await eventually("it is marked", async () => (await room.status()) === "deleting");
  await room.inside(async (storage) => {
    storage.sql.exec("DELETE FROM jobs");
    await storage.deleteAlarm();
  });
  await room.kill();
  letGo();
  await asked;
  expect((await get(room.sessionId, "state")).status).toBe(410);
  await room.wakeUntil("deleted", async () => (await room.status()) === "deleted");
});

test("[K3] a room whose id comes without its name has the one that was stored", async () => {
  const room = new RoomUnderTest(newSession());
  const client = await Client.connect(room.sessionId);
  await client.keep(1);
  // A room that is not set up yet knows no name but its id's.
  await room.evict();
  const name = await runInDurableObject(room.stub, (instance, state) => {
    const named = instance as unknown as { readonly name: string };
    Object.defineProperty(state, "id", { value: {}, configurable: true });
    return named.name;
  });
  expect(name).toBe(`default/${room.sessionId}`);
});
