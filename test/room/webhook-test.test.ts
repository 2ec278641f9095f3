/** A webhook that somebody asks for, and those that tell of an outage of the resolve service. */
import { describe, expect, test } from "vitest";
import { range, speechOf } from "./support/audio.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOf, get, post } from "./support/http.ts";
import { inference, sameSpeaker } from "./support/inference.ts";
import { receiver, verified } from "./support/receiver.ts";
import { newSession, type RoomUnderTest } from "./support/room.ts";
import { deliveriesOf, openWithHook } from "./support/webhooks.ts";
import { eventually } from "./support/waiting.ts";

describe("a test", () => {
  test("[D9] is signed and delivered as any other, also after finalize, and stands in the log", async () => {
    const room = await openWithHook();
    const received = receiver(room.sessionId);
    const asked = await post(room.sessionId, "webhooks/test");
    expect(asked.status).toBe(202);
    expect(await asked.json()).toMatchObject({ type: "webhook.test", event_id: null, state: "pending" });
    await room.wakeUntil("it is delivered", async () => received.length === 1);
    expect(received.map(verified)).toEqual([
      {
        type: "webhook.test",
        timestamp: expect.any(String) as string,
        data: { tenant: "default", session_id: room.sessionId },
      },
    ]);
    expect(await deliveriesOf(room)).toMatchObject([{ type: "webhook.test", event_id: null, state: "delivered" }]);
    expect((await eventsOf(room.sessionId)).length).toBe(0);
    await post(room.sessionId, "finalize");
    expect((await post(room.sessionId, "webhooks/test")).status).toBe(202);
  });

  test("[D9] without an address there is nothing to try", async () => {
    const id = newSession();
    await createSession(id, {});
    const answer = await post(id, "webhooks/test");
    expect(answer.status).toBe(409);
    expect(await answer.json()).toMatchObject({ code: "webhooks_not_set_up" });
    expect((await post(newSession(), "webhooks/test")).status).toBe(404);
  });
});

const outages = async ({ sessionId }: RoomUnderTest): Promise<string[]> =>
  (await eventsOf(sessionId)).map(({ type }) => type).filter((type) => /stalled|resumed/.test(type));

describe("an outage of the resolve service", () => {
  test("[R10] is told once while it lasts, through an eviction, and once when it is over", async () => {
    const room = await openWithHook({ resolve: { auto: true } });
    const received = receiver(room.sessionId);
    let isDown = true;
    inference(room.sessionId, (request) =>
      isDown ? new Response("no", { status: 503 }) : Response.json(sameSpeaker(request)),
    );
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 12), speechOf);
    await room.wakeUntil("it is told", async () => (await outages(room)).length === 1, 40);
    await room.evict();
    await room.wakeUntil("it was tried again", async () => received.length > 0, 40);
    for (let alarms = 0; alarms < 6; alarms += 1) await room.wake();
    expect(await outages(room)).toEqual(["resolve.stalled"]);
    expect(received.map((one) => verified(one).type)).toEqual(["resolve.stalled"]);
    isDown = false;
    await room.wakeUntil("it is over", async () => (await outages(room)).length === 2, 40);
    expect(await outages(room)).toEqual(["resolve.stalled", "resolve.resumed"]);
  });

  test("[R10] a service that only refuses audio is not away", async () => {
    const room = await openWithHook({ resolve: { auto: true } });
    const requests = inference(room.sessionId, () => new Response("no", { status: 422 }));
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 8), speechOf);
    await room.wakeUntil("it was tried", async () => requests.length >= 3, 40);
    expect(await outages(room)).toEqual([]);
  });

  test("[R10] what finalize gives up is counted in windows, and told as one stretch", async () => {
    const room = await openWithHook({ resolve: { auto: true, window_chunks: 4 } });
    receiver(room.sessionId);
    inference(room.sessionId, () => new Response("no", { status: 503 }));
    const client = await Client.connect(room.sessionId);
    await client.keepAll(range(1, 22), speechOf);
    await post(room.sessionId, "finalize");
    await room.wakeUntil("it is finalized", async () => (await room.status()) === "finalized", 100);
    const failed = (await eventsOf(room.sessionId)).filter(({ type }) => type === "resolve.failed");
    expect(failed).toMatchObject([{ from_seq: 1, to_seq: 22 }]);
    await eventually("it is counted", async () => {
      const state = await (await get(room.sessionId, "state")).json<{ ingest: { failed_windows: number } }>();
      return state.ingest.failed_windows === 6;
    });
  });
});
