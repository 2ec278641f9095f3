import { createExecutionContext, runInDurableObject } from "cloudflare:test";
import { describe, expect, test } from "vitest";
import { limits } from "../../schemas/limits.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { type RoomMessage, roomMessageSchema } from "../../schemas/wire/messages.ts";
import { range } from "./support/audio.ts";
import { bindings, gateway } from "./support/bindings.ts";
import { Client } from "./support/client.ts";
import { createSession, eventsOf, get, post } from "./support/http.ts";
import { newSession, RoomUnderTest } from "./support/room.ts";
import { SseReader } from "./support/sse.ts";
import { eventually } from "./support/waiting.ts";
import worker from "./support/worker.ts";

class Watcher {
  readonly messages: RoomMessage[] = [];
  closeCode: number | undefined;
  readonly #socket: WebSocket;

  static async connect(sessionId: string, query = ""): Promise<Watcher> {
    const answer = await gateway(`/v1/sessions/${sessionId}/live${query}`, { headers: { upgrade: "websocket" } });
    if (!answer.webSocket) throw new Error(`no WebSocket: ${answer.status}`);
    return new Watcher(answer.webSocket);
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.messages.push(roomMessageSchema.parse(JSON.parse(String(data))));
    });
    socket.addEventListener("close", ({ code }) => {
      this.closeCode = code;
    });
    socket.accept();
  }

  get events(): RoomEvent[] {
    return this.messages.flatMap((message) => (message.type === "event" ? [message.event] : []));
  }

  get ids(): number[] {
    return this.events.map(({ event_id }) => event_id);
  }

  send(message: object): void {
    this.#socket.send(JSON.stringify(message));
  }

  async has(count: number): Promise<void> {
    await eventually(`${count} events arrived`, () => this.events.length >= count);
  }
}

const say = (sessionId: string, ids: readonly number[]): Promise<Response> =>
  post(sessionId, "utterances", {
    utterances: ids.map((n) => ({ utterance_id: `u${n}`, text: `utterance ${n}`, start_ms: n, end_ms: n + 1 })),
  });

async function opened(): Promise<RoomUnderTest> {
  const room = new RoomUnderTest(newSession());
  await createSession(room.sessionId, {});
  return room;
}

describe("live", () => {
  test("[S2] a watcher gets what was and what comes, once and in order, across evictions", async () => {
    const room = await opened();
    await say(room.sessionId, range(1, 3));
    const watcher = await Watcher.connect(room.sessionId);
    await watcher.has(3);
    for (const n of range(4, 9)) {
      if (n % 2 === 0) await room.evict();
      await say(room.sessionId, [n]);
    }
    await watcher.has(9);
    expect(watcher.ids).toEqual(range(1, 9));
    expect(watcher.events).toEqual(await eventsOf(room.sessionId));
  });

  test("[S2] a reconnecting watcher goes on after the last event it has", async () => {
    const room = await opened();
    await say(room.sessionId, range(1, 5));
    const watcher = await Watcher.connect(room.sessionId, "?after=3");
    await say(room.sessionId, [6]);
    await watcher.has(3);
    expect(watcher.ids).toEqual([4, 5, 6]);
  });

  test("[S2] a long log arrives whole; one too long is refused with what to do", async () => {
    const room = await opened();
    for (const part of range(0, 2)) await say(room.sessionId, range(part * 400 + 1, part * 400 + 400));
    const watcher = await Watcher.connect(room.sessionId);
    await watcher.has(1_200);
    expect(watcher.ids).toEqual(range(1, 1_200));
    await room.rows(
      `INSERT INTO events (event_id, at, body) SELECT 1200 + value, 0, '{"type":"track.opened","by":"room"}' FROM json_each(?)`,
      JSON.stringify(range(1, limits.maxReplayEvents)),
    );
    await room.evict();
    const late = await Watcher.connect(room.sessionId);
    await eventually("it is refused", () => late.closeCode !== undefined);
    expect(late.messages).toMatchObject([{ type: "error", code: "replay_too_long" }]);
    expect(late.closeCode).toBe(4400);
  });

  test("[S2] after finalize a watcher gets the rest and is told that it is over", async () => {
    const room = await opened();
    const watcher = await Watcher.connect(room.sessionId);
    await post(room.sessionId, "finalize");
    await eventually("it is told", () => watcher.messages.at(-1)?.type === "closing");
    expect(watcher.events.at(-1)?.type).toBe("session.finalized");
  });

  test("[T1] watching a session never opened is refused readably and opens nothing", async () => {
    const room = new RoomUnderTest(newSession());
    const watcher = await Watcher.connect(room.sessionId);
    await eventually("it is refused", () => watcher.closeCode !== undefined);
    expect(watcher.messages).toMatchObject([{ type: "error", code: "session_not_found" }]);
    expect(watcher.closeCode).toBe(4404);
    expect((await get(room.sessionId, "state")).status).toBe(404);
  });

  test("[K5] a watcher can't stream", async () => {
    const room = await opened();
    const watcher = await Watcher.connect(room.sessionId);
    watcher.send({ type: "end", last_seq: 3 });
    await eventually("it is refused", () => watcher.messages.length === 1);
    expect(watcher.messages).toMatchObject([{ type: "error", code: "bad_frame" }]);
    watcher.send({ type: "ping", n: 1 });
    await eventually("it is answered", () => watcher.messages.length === 2);
    expect(await eventsOf(room.sessionId)).toEqual([]);
  });

  test("[S2] [L3] [limit:maxWatchersPerSession] watchers beyond the limit are refused; the others go on", async () => {
    const room = await opened();
    const watchers = await Promise.all(
      range(1, limits.maxWatchersPerSession).map(() => Watcher.connect(room.sessionId)),
    );
    const refused = await Watcher.connect(room.sessionId);
    await eventually("it is refused", () => refused.closeCode !== undefined);
    expect(refused.closeCode).toBe(4429);
    expect(refused.messages).toMatchObject([{ type: "error", code: "rate_limited", retryable: true }]);
    await say(room.sessionId, [1]);
    for (const watcher of watchers) await watcher.has(1);
  });

  test("[S2] without an upgrade: 426; with a cursor that is none: 400", async () => {
    const { sessionId } = await opened();
    expect((await get(sessionId, "live")).status).toBe(426);
    const upgrade = { headers: { upgrade: "websocket" } };
    expect((await gateway(`/v1/sessions/${sessionId}/live?after=-1`, upgrade)).status).toBe(400);
  });
});

test("[W11] a capture client that subscribes gets the events of its topics, from then on", async () => {
  const { sessionId } = await opened();
  await say(sessionId, [1]);
  const client = await Client.connect(sessionId, { track: "mic", encoding: "msgpack" });
  await client.hello({ subscribe: ["utterances"] });
  await say(sessionId, [2]);
  expect((await client.nextOf("event")).event).toMatchObject({ type: "utterance.added", event_id: 3 });
  await client.keep(1);
  const status = await Client.connect(sessionId, { track: "mic2" });
  await status.hello({ subscribe: ["status"] });
  await (await Client.connect(sessionId, { track: "mic3" })).hello();
  await say(sessionId, [3]);
  expect((await status.nextOf("event")).event).toMatchObject({ type: "track.opened", track: "mic3" });
});

test("[W11] a later hello replaces the topics", async () => {
  const { sessionId } = await opened();
  const client = await Client.connect(sessionId, { track: "mic" });
  await client.hello({ subscribe: ["utterances"] });
  await say(sessionId, [1]);
  expect((await client.nextOf("event")).event).toMatchObject({ type: "utterance.added" });
  await client.hello({ subscribe: ["status"] });
  await say(sessionId, [2]);
  await (await Client.connect(sessionId, { track: "mic2" })).hello();
  // Events come in order: the utterance would have been before it.
  expect((await client.nextOf("event")).event).toMatchObject({ type: "track.opened", track: "mic2" });
});

describe("pages", () => {
  test("[S2] by cursor, to the end", async () => {
    const { sessionId } = await opened();
    await say(sessionId, range(1, 5));
    const first = await (await get(sessionId, "events?limit=2")).json();
    expect(first).toMatchObject({ events: [{ event_id: 1 }, { event_id: 2 }], next_after: 2, has_more: true });
    const last = await (await get(sessionId, "events?limit=3&after=2")).json();
    expect(last).toMatchObject({ next_after: 5, has_more: false });
    expect(await (await get(sessionId, "events?after=5")).json()).toEqual({
      events: [],
      next_after: 5,
      has_more: false,
    });
  });

  test.for(["after=x", "after=-1", "limit=0", "limit=1001", "limit=ten", "after=1e3"])(
    "[S2] %s: 400",
    async (query) => {
      const { sessionId } = await opened();
      expect((await get(sessionId, `events?${query}`)).status).toBe(400);
    },
  );
});

async function stream(sessionId: string, headers: Record<string, string> = {}): Promise<SseReader> {
  const answer = await gateway(`/v1/sessions/${sessionId}/events`, {
    headers: { accept: "text/event-stream", ...headers },
  });
  expect(answer.headers.get("content-type")).toContain("text/event-stream");
  if (!answer.body) throw new Error("no body");
  return new SseReader(answer.body);
}

describe("server-sent events", () => {
  test("[S2] what was, what comes, once and in order; a reader that left costs nothing", async () => {
    const { sessionId } = await opened();
    await say(sessionId, range(1, 3));
    const reader = await stream(sessionId);
    await eventually("the log arrived", () => reader.ids.length === 3);
    await say(sessionId, range(4, 6));
    await eventually("the rest arrived", () => reader.ids.length === 6);
    expect(reader.ids).toEqual(range(1, 6));
    expect(reader.text).toContain("event: utterance.added\n");
    const again = await stream(sessionId, { "last-event-id": "4" });
    await eventually("the rest arrived", () => again.ids.length === 2);
    expect(again.ids).toEqual([5, 6]);
    await reader.cancel();
    await say(sessionId, [7]);
    await eventually("the other goes on", () => again.ids.length === 3);
    await again.cancel();
  });

  test("[S2] longer than a live connection replays", async () => {
    const room = await opened();
    const count = limits.maxReplayEvents + 1_500;
    await room.rows(
      `INSERT INTO events (event_id, at, body) SELECT value, 0, '{"type":"track.opened","by":"room"}' FROM json_each(?)`,
      JSON.stringify(range(1, count)),
    );
    await room.evict();
    const reader = await stream(room.sessionId);
    await eventually("the log arrived", () => reader.ids.length === count);
    expect(reader.ids).toEqual(range(1, count));
    await reader.cancel();
  });

  test("[S2] a reader that leaves while the log is still being paged leaves no watch socket behind", async () => {
    const room = await opened();
    const count = limits.maxEventsPerPage + 500;
    await room.rows(
      `INSERT INTO events (event_id, at, body) SELECT value, 0, '{"type":"track.opened","by":"room"}' FROM json_each(?)`,
      JSON.stringify(range(1, count)),
    );
    await room.evict();
    const watchers = (): Promise<number> => runInDurableObject(room.stub, (_, state) => state.getWebSockets().length);
    // Not through `gateway`: there the platform ends a request whose reader is gone, and would tidy up after the route.
    const request = new Request<unknown, IncomingRequestCfProperties>(
      `http://localhost/v1/sessions/${room.sessionId}/events`,
      { headers: { accept: "text/event-stream" } },
    );
    const left = await worker.fetch(request, bindings, createExecutionContext());
    await left.body?.cancel();
    // Gets to its watch socket after the one before would have: by then that one has opened all it ever opens.
    const reader = await stream(room.sessionId);
    await say(room.sessionId, [1]);
    await eventually("the log and what came since arrived", () => reader.ids.length === count + 1);
    expect(await watchers()).toBe(1);
    await reader.cancel();
    await eventually("nobody watches", async () => (await watchers()) === 0);
  });

  test("[S2] ends with the session, and 204 then tells the reader not to come back", async () => {
    const { sessionId } = await opened();
    const reader = await stream(sessionId);
    await post(sessionId, "finalize");
    await eventually("the stream ends", () => reader.isOver);
    const last = String(reader.ids.at(-1));
    const answer = await gateway(`/v1/sessions/${sessionId}/events`, {
      headers: { accept: "text/event-stream", "last-event-id": last },
    });
    expect(answer.status).toBe(204);
  });
});
