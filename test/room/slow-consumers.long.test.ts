/** Connections whose client reads nothing, or not all at once: what waits for them is bounded, and those that read get everything. */
import { runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import * as z from "zod";
import { limits } from "../../schemas/limits.ts";
import type { RoomMessage } from "../../schemas/wire/messages.ts";
import { range } from "./support/audio.ts";
import { gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { clock } from "./support/clock.ts";
import { createSession, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { SseReader } from "./support/sse.ts";
import { eventually } from "./support/waiting.ts";

const text = "x".repeat(3_900);
/** Captions of one request, a megabyte. */
const perMegabyte = 250;
const upgrade = { headers: { upgrade: "websocket" } };

async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  return room;
}

async function say({ sessionId }: RoomUnderTest, megabytes: number): Promise<void> {
  for (const _ of range(1, megabytes)) {
    const utterances = range(1, perMegabyte).map((n) => ({ text, start_ms: n, end_ms: n }));
    expect((await post(sessionId, "utterances", { utterances })).status).toBe(200);
  }
}

async function watch({ sessionId }: RoomUnderTest, after = 0, tellsNothing = false): Promise<Client> {
  return Client.over(
    await gateway(`/v1/sessions/${sessionId}/live?after=${after}`, upgrade),
    sessionId,
    "json",
    tellsNothing,
  );
}

/** Takes events up to one. @returns how many bytes they came to, and the last one's id. */
async function takeTo(client: Client, last: number): Promise<number> {
  let bytes = 0;
  for (let id = 0; id < last;) {
    const message = await client.next();
    if (message.type === "pong") continue;
    if (message.type !== "event") throw new Error(`expected an event, got ${JSON.stringify(message)}`);
    bytes += JSON.stringify(message).length;
    id = message.event.event_id;
  }
  return bytes;
}

const unreadSchema = z.object({ unread: z.object({ bytes: z.int() }) });
/** As the room's code sees it, or with what PartyServer keeps beside it. */
const attachedSchema = z.union([unreadSchema, z.object({ __user: unreadSchema }).transform(({ __user }) => __user)]);

/** What the room takes for unread, of each connection that is open. */
async function unreadOf(room: RoomUnderTest): Promise<number[]> {
  return runInDurableObject(room.stub, (_, state) =>
    state.getWebSockets().flatMap((socket) => {
      const attached: unknown = socket.deserializeAttachment();
      const { unread } = attachedSchema.parse(attached);
      return socket.readyState === WebSocket.OPEN ? unread.bytes : [];
    }),
  );
}

test("[W14] [W8] [limit:maxUnseenBytes] [limit:seenWithinMs] who never tells gets a megabyte, waits, and is closed, pings or not; who tells gets all", async () => {
  const room = await opened();
  const reader = await watch(room);
  const silent = await watch(room, 0, true);
  await say(room, 3);
  silent.send('{"type":"ping"}');
  expect(await takeTo(reader, 3 * perMegabyte)).toBeGreaterThan(2_900_000);
  await room.evict();
  const unread = (await unreadOf(room)).sort((a, b) => a - b);
  expect(unread[0]).toBeLessThan(100_000);
  expect(unread[1]).toBeGreaterThanOrEqual(limits.maxUnseenBytes);
  expect(unread[1]).toBeLessThan(limits.maxUnseenBytes + 10_000);

  // A ping answered by the platform, a message of its own, and a guess say nothing of what it has read.
  silent.send('{"type":"ping"}');
  silent.send({ type: "ping", n: 1 });
  silent.send({ type: "seen", mark: "00000000" });
  clock.advance(limits.seenWithinMs - 1);
  await say(room, 1);
  await takeTo(reader, 4 * perMegabyte);
  expect(await unreadOf(room)).toHaveLength(2);
  await room.wakeUntil("its time is over", async () => (await unreadOf(room)).length === 1);
  let last = 0;
  for (;;) {
    const message = await silent.next();
    if (message.type === "event") last = message.event.event_id;
    if (message.type !== "error") continue;
    expect(message).toMatchObject({ code: "slow_consumer", retryable: true });
    break;
  }
  await silent.expectClose(4408);
  expect(reader.closeCode).toBeUndefined();

  const again = await watch(room, last);
  expect((await again.nextOf("event")).event.event_id).toBe(last + 1);
  await takeTo(again, 4 * perMegabyte);
});

test("[W14] a long replay arrives whole at who tells, through an eviction, over MessagePack too", async () => {
  const room = await opened();
  await say(room, 4);
  const client = await Client.connect(room.sessionId, { track: "mic", encoding: "msgpack" });
  await client.hello({ subscribe: ["utterances"] });
  const reader = await watch(room);
  await takeTo(reader, 500);
  await room.evict();
  expect(await takeTo(reader, 4 * perMegabyte)).toBeGreaterThan(1_900_000);
  await say(room, 3);
  expect(await takeTo(client, 7 * perMegabyte)).toBeGreaterThan(2_900_000);
});

test("[W14] [limit:maxUnreadBytes] who streams and reads no answers is closed with what it says next; what was acked is kept", async () => {
  const room = await opened();
  const client = await Client.connect(room.sessionId, { track: "mic", tellsNothing: true });
  await client.keep(1);
  // Many gaps make a long status.
  await client.keepAll(range(1, limits.maxMissingRanges + 1).map((n) => 2 * n + 1));
  let unread = (await unreadOf(room))[0] ?? 0;
  const ask = (n: number): Promise<RoomMessage> => {
    if (n % 500 === 0) clock.advance(10_000);
    client.send({ type: "status" });
    return client.next();
  };
  let [message, before] = [await ask(1), unread];
  for (let n = 2; message.type === "status"; n += 1) {
    const { mark: _mark, ...plain } = message;
    before = unread;
    unread += JSON.stringify(plain).length;
    message = await ask(n);
  }
  expect(message).toMatchObject({ type: "error", code: "slow_consumer", retryable: true });
  expect(before).toBeLessThanOrEqual(limits.maxUnreadBytes);
  expect(unread).toBeGreaterThan(limits.maxUnreadBytes);
  await client.expectClose(4408);
  const again = await Client.connect(room.sessionId, { track: "mic" });
  expect((await again.hello()).resume).toMatchObject({ next_seq: 2 * (limits.maxMissingRanges + 1) + 2 });
});

test("[W14] [A5] a stream of events that nobody reads holds a megabyte, and its place for seconds; one that is read gets all", async () => {
  const room = await opened();
  const headers = { accept: "text/event-stream" };
  const unreadStream = await gateway(`/v1/sessions/${room.sessionId}/events`, { headers });
  const { body } = await gateway(`/v1/sessions/${room.sessionId}/events`, { headers });
  if (!body) throw new Error("no body");
  const reader = new SseReader(body);
  await say(room, 3);
  await eventually("it is read", () => reader.ids.length === 3 * perMegabyte);
  await eventually("what nobody reads waits", async () =>
    (await unreadOf(room)).some((bytes) => bytes >= limits.maxUnseenBytes),
  );
  expect(Math.max(...(await unreadOf(room)))).toBeLessThan(limits.maxUnseenBytes + 10_000);
  clock.advance(limits.seenWithinMs);
  await room.wakeUntil("its place is free", async () => (await unreadOf(room)).length === 1);
  // Whoever reads on gets what was under way, and why no more comes.
  const late = new SseReader(unreadStream.body ?? new ReadableStream());
  await eventually("it ends", () => late.isOver);
  expect(late.text).toContain('event: closing\ndata: {"reason":"slow_consumer"');
  await reader.cancel();
});
