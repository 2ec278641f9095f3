import { describe, expect, test } from "vitest";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, eventsOf, eventsOfType, get, post } from "./support/http.ts";
import { inference } from "./support/inference.ts";
import { hookUrl, idOf, receiver, secret, verified } from "./support/receiver.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { setVariables } from "./support/variables.ts";
import { eventually, within } from "./support/waiting.ts";
import {
  dayOfAlarms,
  deliveriesOf,
  finalize,
  isSettled,
  onlyDelivery,
  openWithHook,
  resend,
} from "./support/webhooks.ts";

const dayMs = 86_400_000;

describe("what is sent", () => {
  test("[D1] session.finalized comes signed, once the result can be fetched, and says where it lies", async () => {
    const room = await openWithHook();
    const { sessionId } = room;
    const results: number[] = [];
    const received = receiver(sessionId, async () => {
      results.push((await get(sessionId, "result")).status);
      return new Response(null, { status: 200 });
    });
    const client = await Client.connect(sessionId);
    await client.keepAll([1, 2, 4]);
    await finalize(room);
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(results).toEqual([200]);
    const [event] = await eventsOfType(sessionId, "session.finalized");
    expect(received.map(verified)).toEqual([
      {
        type: "session.finalized",
        timestamp: event?.at,
        data: {
          tenant: "default",
          session_id: sessionId,
          event,
          result_key: `sessions/${sessionId}/result.json`,
          coverage: 0.75,
        },
      },
    ]);
    expect(received[0]?.headers).toMatchObject({ "content-type": "application/json" });
    expect(received[0]?.headers["authorization"]).toBeUndefined();
  });

  test("[D1] resolve.stalled and resolve.failed are delivered; other events are not", async () => {
    const room = await openWithHook({ resolve: { auto: true } });
    const { sessionId } = room;
    const received = receiver(sessionId);
    inference(sessionId, () => new Response("no", { status: 503 }));
    const client = await Client.connect(sessionId);
    await client.keepAll(range(1, 4), speechOf);
    expect((await post(sessionId, "finalize")).status).toBe(202);
    await room.wakeUntil("all are delivered", async () => received.length === 3, dayOfAlarms);
    const [failed] = await eventsOfType(sessionId, "resolve.failed");
    expect(received.map(verified)).toMatchObject([
      { type: "resolve.stalled" },
      { type: "resolve.failed", data: { event: failed } },
      { type: "session.finalized" },
    ]);
    expect((await eventsOf(sessionId)).length).toBeGreaterThan(2);
  });

  test("[D1] neither a session nor a deployment names an address: nothing is kept to be sent", async () => {
    const room = new RoomUnderTest(newSession());
    await createSession(room.sessionId, {});
    await finalize(room);
    expect(await deliveriesOf(room)).toEqual([]);
  });

  test("[D6] a session without an address uses the deployment's; only that one gets the shared secret", async () => {
    const [own, other] = [newSession(), newSession()];
    const variables = { WEBHOOK_URL: hookUrl(own), WORKER_SHARED_SECRET: "sh4red-secret" };
    for (const id of [own, other]) setVariables(id, variables);
    const [atOwn, atOther] = [receiver(own), receiver(other)];
    await createSession(own, {});
    await createSession(other, { webhook_url: hookUrl(other) });
    for (const room of [new RoomUnderTest(own), new RoomUnderTest(other)]) {
      await finalize(room);
      await room.wakeUntil("it is delivered", isSettled(room));
    }
    expect(atOwn.map(({ headers }) => headers["authorization"])).toEqual(["Bearer sh4red-secret"]);
    expect(atOther.map(({ headers }) => headers["authorization"])).toEqual([undefined]);
    expect([...atOwn, ...atOther].map((one) => verified(one).data.session_id)).toEqual([own, other]);
  });

  test("[D6] while secrets change, a letter is signed by the old and the new", async () => {
    const fresh = `whsec_${new Uint8Array(32).fill(7).toBase64()}`;
    const room = new RoomUnderTest(newSession());
    setVariables(room.sessionId, { WEBHOOK_SECRET: `${fresh} ${secret}` });
    const received = receiver(room.sessionId);
    await createSession(room.sessionId, { webhook_url: hookUrl(room.sessionId) });
    await finalize(room);
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(received.map(verified)).toHaveLength(1);
    expect(received[0]?.headers["webhook-signature"]?.split(" ")).toHaveLength(4);
  });
});

describe("[D2] no crash loses one or gives it another id", () => {
  const deaths = ["kill", "evict"] as const;

  test.for(deaths)("%s after the event, before the first try", async (death) => {
    const room = await openWithHook();
    const received = receiver(room.sessionId);
    await finalize(room);
    const { delivery_id } = await onlyDelivery(room);
    await room[death]();
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(received.map(idOf)).toEqual([delivery_id]);
  });

  test("killed while the receiver has it: it comes again, the same to the byte", async () => {
    const room = await openWithHook();
    const gate = Promise.withResolvers<void>();
    const received = receiver(room.sessionId, async () => {
      await gate.promise;
      return new Response(null, { status: 204 });
    });
    await finalize(room);
    const cut = room.wake().catch(() => undefined);
    await eventually("the receiver has it", () => received.length === 1);
    await room.kill();
    gate.resolve();
    await within(cut, "the alarm that was cut off");
    receiver(room.sessionId);
    // Any request wakes the room, which finds its job.
    expect((await onlyDelivery(room)).state).toBe("pending");
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(received).toHaveLength(2);
    const [first, second] = received.map((one) => [idOf(one), one.body]);
    expect(first).toEqual(second);
    for (const one of received) expect(verified(one).type).toBe("session.finalized");
  });

  test.for(deaths)("%s after each failed try: the schedule goes on", async (death) => {
    const room = await openWithHook();
    const received = receiver(room.sessionId, () => new Response(null, { status: 500 }));
    await finalize(room);
    for (const tries of range(1, 4)) {
      await room.wakeUntil("it is tried", async () => received.length >= tries);
      await eventually("it is noted", async () => (await onlyDelivery(room)).attempts === tries);
      await room[death]();
    }
    receiver(room.sessionId);
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(await onlyDelivery(room)).toMatchObject({ state: "delivered", attempts: 5, last_status: 204 });
    expect(new Set(received.map(idOf)).size).toBe(1);
  });

  test.for(deaths)("%s after the delivery: it does not come again", async (death) => {
    const room = await openWithHook();
    const received = receiver(room.sessionId);
    await finalize(room);
    await room.wakeUntil("it is delivered", isSettled(room));
    await room[death]();
    expect((await onlyDelivery(room)).state).toBe("delivered");
    clock.advance(2 * dayMs);
    await room.wake();
    expect(received).toHaveLength(1);
  });

  test("a letter that can't be written takes its event with it", async () => {
    const room = await openWithHook();
    await room.inside((storage) => {
      storage.sql.exec("DROP TABLE webhook_deliveries");
    });
    await post(room.sessionId, "finalize").catch(() => undefined);
    const types = (await room.rows("SELECT type FROM events")).map(({ type }) => type);
    expect(types).not.toContain("session.finalized");
  });
});

describe("receivers on a bad day", () => {
  test("[D3] 500 for a day: nine tries, later and later; it is delivered when the receiver is back", async () => {
    const room = await openWithHook();
    const begun = clock.now();
    const at: number[] = [];
    const received = receiver(room.sessionId, () => {
      at.push(clock.now());
      return new Response("boom", { status: clock.now() - begun < dayMs ? 500 : 200 });
    });
    await finalize(room);
    await room.wakeUntil("it is settled", isSettled(room), dayOfAlarms);
    expect(await onlyDelivery(room)).toMatchObject({ state: "delivered", attempts: 9, last_error: null });
    const rests = at.slice(1).map((ms, i) => ms - (at[i] ?? 0));
    expect(rests).toEqual([...rests].sort((a, b) => a - b));
    expect(rests[0]).toBeLessThan(6_000);
    expect(new Set(received.map(idOf)).size).toBe(1);
    // Signed anew each time: receivers refuse what is older than five minutes.
    expect(received.map(({ headers }) => Number(headers["webhook-timestamp"]))).toEqual(
      at.map((ms) => Math.floor(ms / 1_000)),
    );
  });

  test("[D3] [D5] 500 for longer: a dead letter, until a person sends it again", async () => {
    const room = await openWithHook();
    const received = receiver(room.sessionId, () => new Response(null, { status: 500 }));
    await finalize(room);
    await room.wakeUntil("it is given up", isSettled(room), dayOfAlarms);
    const dead = await onlyDelivery(room);
    expect(dead).toMatchObject({ state: "dead", attempts: 9, last_error: "status", last_status: 500, next_at: null });
    clock.advance(dayMs);
    await room.wake();
    expect(received).toHaveLength(9);
    receiver(room.sessionId);
    expect(await resend(room, dead.delivery_id)).toMatchObject({ state: "pending", attempts: 9 });
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(await onlyDelivery(room)).toMatchObject({ state: "delivered", attempts: 10 });
    expect(received.map(idOf)).toEqual(range(1, 10).map(() => dead.delivery_id));
  });

  test("[D3] 410: it stops at once", async () => {
    const room = await openWithHook();
    const received = receiver(room.sessionId, () => new Response(null, { status: 410 }));
    await finalize(room);
    await room.wakeUntil("it is given up", isSettled(room), dayOfAlarms);
    expect(await onlyDelivery(room)).toMatchObject({ state: "dead", attempts: 1, last_error: "gone" });
    expect(received).toHaveLength(1);
  });

  const faults: readonly [string, () => Response | Promise<Response>, object][] = [
    ["hangs", () => new Promise(() => {}), { last_error: "timeout", last_status: null }],
    [
      "redirects",
      () => new Response(null, { status: 307, headers: { location: "https://elsewhere.example/" } }),
      { last_error: "redirect", last_status: 307 },
    ],
    [
      "refuses the connection",
      () => Promise.reject(new TypeError("connect ECONNREFUSED 198.51.100.7:443")),
      { last_error: "unreachable", last_status: null },
    ],
    ["says no", () => new Response("no", { status: 403 }), { last_error: "status", last_status: 403 }],
    ["is busy", () => new Response("later", { status: 429 }), { last_error: "status", last_status: 429 }],
  ];
  test.for(faults)("[D3] the receiver %s: tried again later", async ([, behave, expected]) => {
    const room = await openWithHook();
    const received = receiver(room.sessionId, behave);
    await finalize(room);
    await room.wakeUntil("it was tried", async () => (await onlyDelivery(room)).attempts === 1);
    const delivery = await onlyDelivery(room);
    expect(delivery).toMatchObject({ state: "pending", attempts: 1, ...expected });
    expect(Date.parse(delivery.next_at ?? "") - clock.now()).toBeGreaterThanOrEqual(5_000);
    expect(received.map(({ redirect }) => redirect)).toEqual(["manual"]);
  });

  test("[D3] a body without end, or one that breaks off: not read, and no failure", async () => {
    const room = await openWithHook();
    let pulled = 0;
    let isCancelled = false;
    receiver(room.sessionId, () => {
      const endless = new ReadableStream<Uint8Array>(
        {
          pull: (controller) => {
            pulled += 1;
            controller.enqueue(new Uint8Array(65_536));
          },
          cancel: () => {
            isCancelled = true;
            throw new Error("reset");
          },
        },
        { highWaterMark: 0 },
      );
      return new Response(endless, { status: 200 });
    });
    await finalize(room);
    await room.wakeUntil("it is delivered", isSettled(room));
    expect(await onlyDelivery(room)).toMatchObject({ state: "delivered", last_status: 200 });
    expect([pulled, isCancelled]).toEqual([0, true]);
  });

  test("[D3] a slow receiver gets them one at a time, and keeps no ack waiting", async () => {
    const room = new RoomUnderTest(newSession());
    const { sessionId } = room;
    setVariables(sessionId, { TRACK_STALLED_AFTER_MS: "5000" });
    await createSession(sessionId, { webhook_url: hookUrl(sessionId) });
    const gates = range(1, 3).map(() => Promise.withResolvers<void>());
    const received = receiver(sessionId, async () => {
      await gates[received.length - 1]?.promise;
      return new Response(null, { status: 200 });
    });
    const clients = await Promise.all(["a", "b", "c"].map((track) => Client.connect(sessionId, { track })));
    for (const client of clients) await client.keep(1);
    await room.wakeUntil("all have stalled", async () => (await eventsOfType(sessionId, "track.stalled")).length === 3);
    const waking = room.wake();
    await eventually("the first one goes out", () => received.length === 1);
    expect(await clients[0]?.keep(2)).toMatchObject({ status: "stored" });
    expect(received).toHaveLength(1);
    for (const n of range(1, 3)) {
      await eventually("the next one goes out", () => received.length === n);
      gates[n - 1]?.resolve();
    }
    await waking;
    await eventually("all are delivered", async () =>
      (await deliveriesOf(room)).every(({ state }) => state === "delivered"),
    );
    expect(received.map((one) => verified(one).data.event?.track)).toEqual(["a", "b", "c"]);
  });
});
