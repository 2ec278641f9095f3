/** Connections that were opened with an API key: they end with it. */
import { describe, expect, test } from "vitest";
import { keyRecheckMs } from "../../server/shared/config/timings.ts";
import { bindings } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { bearer, guarded, keyFor, type TestKey } from "./support/doors.ts";
import { type IndexFaults, indexFaults } from "./support/index-faults.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { SseReader } from "./support/sse.ts";
import { eventually } from "./support/waiting.ts";

const tenant = "acme";

class Held {
  static async open(key: TestKey): Promise<Held> {
    const room = new RoomUnderTest(newSession(), tenant);
    const stream = await Client.connect(room.sessionId, { track: "mic", credential: key.key, via: guarded });
    await stream.keep(1);
    const path = `/v1/sessions/${room.sessionId}`;
    const upgrade = { headers: { upgrade: "websocket", ...bearer(key.key) } };
    const live = await Client.over(await guarded(`${path}/live?after=1`, upgrade), room.sessionId);
    const headers = { accept: "text/event-stream", ...bearer(key.key) };
    const { body } = await guarded(`${path}/events`, { headers });
    if (!body) throw new Error("no body");
    const events = new SseReader(body);
    await eventually("the log arrived", () => events.ids.length === 1);
    return new Held(room, stream, live, events);
  }

  readonly room: RoomUnderTest;
  readonly stream: Client;
  readonly live: Client;
  readonly events: SseReader;

  private constructor(room: RoomUnderTest, stream: Client, live: Client, events: SseReader) {
    this.room = room;
    this.stream = stream;
    this.live = live;
    this.events = events;
  }

  end(): Promise<void> {
    this.stream.close();
    this.live.close();
    return this.events.cancel();
  }
}

async function expectEnded({ room, stream, live, events }: Held): Promise<void> {
  await room.wakeUntil("they are ended", async () => stream.closeCode !== undefined);
  for (const client of [stream, live]) {
    expect(await client.nextOf("error")).toMatchObject({ code: "unauthorized", retryable: false });
    await client.expectClose(4401);
  }
  await eventually("the stream of events is over", () => events.isOver);
  expect(events.text).toMatch(/event: closing\ndata: \{"reason":"unauthorized","detail":"The API key/);
}

/** What D1 is asked of these keys' connections. */
const asked = (...keys: TestKey[]): IndexFaults => indexFaults(JSON.stringify(keys.map(({ keyId }) => keyId)));

const revoke = (key: TestKey): Promise<unknown> =>
  bindings.DB.prepare("UPDATE api_keys SET revoked_at = 1 WHERE key_id = ?").bind(key.keyId).run();

describe("[P11] connections of an API key end", () => {
  test("within a minute of its revocation, of every kind and through hibernation; others go on", async () => {
    const [key, other] = [await keyFor(tenant, ["admin"]), await keyFor(tenant, ["sessions:write"])];
    const held = await Held.open(key);
    const { sessionId } = held.room;
    const streaming = await Client.connect(sessionId, { track: "desk", credential: other.key, via: guarded });
    await streaming.keep(1);
    await held.live.nextOf("event");
    await revoke(key);
    const from = clock.now();
    await held.room.evict();
    await expectEnded(held);
    expect(clock.now() - from).toBeLessThanOrEqual(60_000);
    await streaming.keep(2);
  });

  test("when its row is gone", async () => {
    const key = await keyFor(tenant, ["admin"]);
    const held = await Held.open(key);
    await bindings.DB.prepare("DELETE FROM api_keys WHERE key_id = ?").bind(key.keyId).run();
    await expectEnded(held);
    expect(held.stream.closeCode).toBe(4401);
  });

  test("at its expiry, without a look at D1", async () => {
    const key = await keyFor(tenant, ["admin"], { expiresAt: clock.now() + 20_000 });
    const held = await Held.open(key);
    await held.room.evict();
    await expectEnded(held);
    expect(asked(key).statements).toEqual([]);
  });

  test("one read a minute for all of a room; D1 being down ends nothing, and is asked again", async () => {
    const key = await keyFor(tenant, ["admin"]);
    const held = await Held.open(key);
    const d1 = asked(key);
    const from = clock.now();
    d1.fail();
    await revoke(key);
    await held.room.wakeUntil("it was asked twice", async () => d1.statements.length === 2);
    expect(clock.now() - from).toBeGreaterThanOrEqual(2 * keyRecheckMs);
    await held.stream.keep(2);
    d1.heal();
    await expectEnded(held);
    expect(d1.statements).toHaveLength(3);
  });

  test("nothing is asked once they are gone", async () => {
    const key = await keyFor(tenant, ["admin"]);
    const held = await Held.open(key);
    await held.end();
    await held.room.wakeUntil(
      "no look is due",
      async () => (await held.room.count("jobs", "name = 'connections_keys'")) === 0,
    );
    expect(asked(key).statements).toEqual([]);
  });
});
