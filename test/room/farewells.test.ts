/** How a session begins and that it is gone, told to a backend: once for sure, whatever dies between. */
import { describe, expect, test } from "vitest";
import { webhookPayloadSchema } from "../../schemas/webhooks.ts";
import { Client } from "./support/client.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { bucketFaults } from "./support/bucket-faults.ts";
import { createSession, post, send } from "./support/http.ts";
import { hookUrl, idOf, type Received, receiver, token, verified } from "./support/receiver.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { setVariables } from "./support/variables.ts";
import { eventually, within } from "./support/waiting.ts";
import { dayOfAlarms, finalize, openWithHook } from "./support/webhooks.ts";

const remove = (id: string): Promise<Response> => gateway(`/v1/sessions/${id}`, { method: "DELETE" });
const taken = (): Response => new Response(null, { status: 204 });
const both = ["session.created", "session.deleted"];
/** Unlike `verified`, of one that came days ago. */
const typeOf = ({ body }: Received): string => webhookPayloadSchema.parse(JSON.parse(body)).type;
const typesOf = (received: readonly Received[]): string[] => received.map(typeOf);
const farewellsOf = (received: readonly Received[]): Received[] =>
  received.filter((one) => typeOf(one) === "session.deleted");
const noJobs = (room: RoomUnderTest) => async (): Promise<boolean> => (await room.count("jobs")) === 0;

describe("session.created", () => {
  test("[D10] a session that is asked for says so at its own address, once", async () => {
    const room = await openWithHook({ title: "Board" });
    const received = receiver(room.sessionId, taken, both);
    const again = { session_id: room.sessionId, webhook_url: hookUrl(room.sessionId), title: "Board" };
    expect((await send("POST", "/v1/sessions", again)).status).toBe(200);
    await room.evict();
    await room.wakeUntil("it is told", async () => received.length > 0);
    await finalize(room);
    await room.wakeUntil("all is told", async () => received.length > 1);
    expect(received.map(verified)[0]).toEqual({
      type: "session.created",
      timestamp: expect.any(String) as string,
      data: { tenant: "default", session_id: room.sessionId },
    });
    expect(typesOf(received)).toEqual(["session.created", "session.finalized"]);
  });

  test("[D10] one that its first connection opens says so at the deployment's address; one without any keeps nothing", async () => {
    const room = new RoomUnderTest(newSession());
    setVariables(room.sessionId, { WEBHOOK_URL: hookUrl(room.sessionId) });
    const received = receiver(room.sessionId, taken, both);
    await Client.connect(room.sessionId);
    await room.wakeUntil("it is told", async () => received.length > 0);
    expect(typesOf(received)).toEqual(["session.created"]);
    const silent = new RoomUnderTest(newSession());
    await createSession(silent.sessionId, {});
    expect(await silent.count("webhook_deliveries")).toBe(0);
    expect((await remove(silent.sessionId)).status).toBe(200);
    expect(await silent.count("farewells")).toBe(0);
  });
});

/** A session that somebody said something in, finalized. */
async function saidSomething(): Promise<RoomUnderTest> {
  const room = await openWithHook({ title: "Secret plan", metadata: { who: "Ada" } });
  receiver(room.sessionId);
  const client = await Client.connect(room.sessionId);
  await client.keepAll([1, 2]);
  await post(room.sessionId, "utterances", { utterances: [{ text: "I quit", start_ms: 0, end_ms: 900 }] });
  await finalize(room);
  return room;
}

describe("session.deleted", () => {
  test("[D10] [I3] tells id and time alone once all else is gone; then nothing of the address is left either", async () => {
    const room = await saidSomething();
    const left: unknown[] = [];
    const received = receiver(
      room.sessionId,
      async () => {
        const { objects } = await bindings.RESULT_BUCKET.list({ prefix: `sessions/${room.sessionId}/` });
        left.push(objects.length, await room.status());
        return taken();
      },
      both,
    );
    expect((await remove(room.sessionId)).status).toBe(200);
    const kept = JSON.stringify(await room.dump());
    for (const word of ["Secret plan", "Ada", "I quit"]) expect(kept).not.toContain(word);
    await room.wakeUntil("it is told", async () => typesOf(received).includes("session.deleted"));
    expect(farewellsOf(received).map(verified)).toEqual([
      {
        type: "session.deleted",
        timestamp: expect.any(String) as string,
        data: { tenant: "default", session_id: room.sessionId },
      },
    ]);
    expect(left.slice(-2)).toEqual([0, "deleted"]);
    await room.wakeUntil("nothing is to be done any more", noJobs(room));
    expect(JSON.stringify(await room.dump())).not.toContain(token);
    expect(farewellsOf(received)).toHaveLength(1);
  });

  test("[D10] while its receiver is away it outlives both later looks, evictions and kills, under one id", async () => {
    const room = await saidSomething();
    let isAway = true;
    const received = receiver(room.sessionId, () => new Response(null, { status: isAway ? 503 : 204 }), both);
    expect((await remove(room.sessionId)).status).toBe(200);
    for (let alarms = 0; alarms < 8; alarms += 1) {
      await room[alarms % 2 === 0 ? "kill" : "evict"]();
      await room.wake();
    }
    expect(await room.count("farewells")).toBe(1);
    isAway = false;
    await room.wakeUntil("it is told", async () => (await room.count("farewells")) === 0, dayOfAlarms);
    const ids = farewellsOf(received).map(idOf);
    expect(ids.length).toBeGreaterThan(3);
    expect(new Set(ids).size).toBe(1);
    expect(JSON.stringify(await room.dump())).not.toContain(token);
  });

  test("[D10] given up after the last try, or at 410, it leaves nothing", async () => {
    for (const status of [500, 410]) {
      const room = await saidSomething();
      const received = receiver(room.sessionId, () => new Response(null, { status }), both);
      expect((await remove(room.sessionId)).status).toBe(200);
      await room.wakeUntil("nothing is to be done any more", noJobs(room), dayOfAlarms);
      expect(await room.count("farewells")).toBe(0);
      expect(farewellsOf(received)).toHaveLength(status === 410 ? 1 : 9);
    }
  });

  const kills: readonly [string, (id: string) => () => void][] = [
    ["before the list", (id) => bucketFaults(id).hold("lists")],
    ["before the delete", (id) => bucketFaults(id).hold("deletes")],
    ["after the delete", (id) => bucketFaults(id).hold("delete answers")],
  ];
  test.for(kills)("[D10] the room is killed %s: it is told all the same, after the end", async ([, hold]) => {
    const room = await saidSomething();
    const received = receiver(room.sessionId, taken, both);
    const letGo = hold(room.sessionId);
    const answer = remove(room.sessionId).catch(() => undefined);
    await eventually("it is marked", async () => (await room.status()) === "deleting");
    await room.kill();
    await answer;
    expect(typesOf(received)).not.toContain("session.deleted");
    bucketFaults(room.sessionId).heal();
    letGo();
    await room.wakeUntil("it is told", async () => typesOf(received).includes("session.deleted"));
    expect(await room.status()).toBe("deleted");
  });

  test("[D10] the room is killed while the receiver has it: it comes again, the same to the byte", async () => {
    const room = await saidSomething();
    const gate = Promise.withResolvers<void>();
    const received = receiver(room.sessionId, async () => gate.promise.then(taken), ["session.deleted"]);
    const before = received.length;
    expect((await remove(room.sessionId)).status).toBe(200);
    const cut = room.wake().catch(() => undefined);
    await eventually("the receiver has it", () => received.length > before);
    await room.kill();
    gate.resolve();
    await within(cut, "the alarm that was cut off");
    receiver(room.sessionId, taken, ["session.deleted"]);
    // Any request wakes the room, which finds its job.
    expect((await remove(room.sessionId)).status).toBe(200);
    await room.wakeUntil("it is told again", async () => received.length > before + 1);
    const [first, again] = received.slice(before).map((one) => [idOf(one), one.body]);
    expect(again).toEqual(first);
  });

  test("[D10] a session that its retention ends is told of too; the address is the last one that it had", async () => {
    const room = await openWithHook({ retention_days: 1, webhook_url: "https://old.example/" });
    const { sessionId } = room;
    const received = receiver(sessionId, taken, ["session.deleted"]);
    expect((await send("PATCH", `/v1/sessions/${sessionId}`, { webhook_url: hookUrl(sessionId) })).status).toBe(200);
    await room.wakeUntil("it is told", async () => received.length > 0, dayOfAlarms);
    expect(received.map(({ url }) => url)).toEqual([hookUrl(sessionId)]);
    expect(typesOf(received)).toEqual(["session.deleted"]);
  });
});
