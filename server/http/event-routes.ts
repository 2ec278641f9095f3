/** `GET /v1/sessions/:session_id/events`, as JSON pages or as server-sent events, and `…/live`, a WebSocket that watches. */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import * as z from "zod";
import type { RoomEvent } from "../../schemas/events.ts";
import { limits } from "../../schemas/limits.ts";
import { pingText, roomMessageSchema } from "../../schemas/messages.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import { refusedStatus, socketUrl } from "../room/socket-request.ts";
import type { AppEnv } from "./app-env.ts";
import { sessionIdOf } from "./parameters.ts";
import { problem } from "./problem.ts";
import { type RoomApi, roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";
import { openSocket } from "./room-socket.ts";

const countText = z
  .string()
  .regex(/^\d{1,15}$/)
  .transform(Number);
const limitText = countText.pipe(z.int().min(1).max(limits.maxEventsPerPage));

const heartbeatMs = 15_000;
/** Events that wait for a slow reader; beyond it the stream ends, and the reader comes back for the rest. */
const maxWaitingEvents = 1_000;

export async function eventsRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const wantsStream = c.req.header("accept")?.includes("text/event-stream") ?? false;
  const after = afterOf(c, wantsStream ? c.req.header("last-event-id") : undefined);
  if (!after.ok) return after.error;
  const limit = limitText.safeParse(c.req.query("limit") ?? "100");
  if (!limit.success) return problem(c, "bad_request", `limit is a number from 1 to ${limits.maxEventsPerPage}.`);
  const room = roomOf(c.env, sessionId.value);
  if (wantsStream) return streamEvents(c, room, after.value);
  const page = await room.call("events", after.value, limit.data);
  return page.ok ? c.json(page.value) : sessionNotFound(c);
}

export async function liveRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const after = afterOf(c, undefined);
  if (!after.ok) return after.error;
  return openSocket(c, roomOf(c.env, sessionId.value), (encoding) => ({ role: "watch", encoding, after: after.value }));
}

/** Where to go on: `Last-Event-ID`, which a reconnecting EventSource sends, before `after`. */
function afterOf(c: Context<AppEnv>, lastEventId: string | undefined): Result<number, Response> {
  const parsed = countText.safeParse(lastEventId ?? c.req.query("after") ?? "0");
  return parsed.success
    ? ok(parsed.data)
    : err(problem(c, "bad_request", "after is the event_id of the last event you have."));
}

/**
 * The stream is fed by a socket that watches the room, so that the room may sleep while nothing happens. What lies
 * too far back for that is read in pages first, at the reader's speed.
 */
async function streamEvents(c: Context<AppEnv>, room: RoomApi, after: number): Promise<Response> {
  const first = await room.call("events", after, limits.maxEventsPerPage);
  if (!first.ok) return sessionNotFound(c);
  const state = await room.call("describe");
  // 204 is how an EventSource is told not to come back (WHATWG HTML §9.2.1).
  if (first.value.events.length === 0 && state?.status === "finalized") return c.body(null, 204);
  c.header("x-accel-buffering", "no");
  return streamSSE(c, async (stream) => {
    const write = (event: RoomEvent): Promise<void> =>
      stream.writeSSE({ id: String(event.event_id), event: event.type, data: JSON.stringify(event) });
    await stream.write("retry: 2000\n\n");
    let page = first.value;
    for (;;) {
      for (const event of page.events) await write(event);
      if (!page.has_more || stream.aborted) break;
      const next = await room.call("events", page.next_after, limits.maxEventsPerPage);
      if (!next.ok) return;
      page = next.value;
    }
    // A reader that left by now would not be told of: nothing would end what follows.
    if (stream.aborted) return;
    const ended = Promise.withResolvers<void>();
    stream.onAbort(() => ended.resolve());
    await follow(room, page.next_after, {
      write,
      beat: () => stream.write(": still here\n\n").then(() => undefined),
      ended,
    });
  });
}

interface Reader {
  readonly write: (event: RoomEvent) => Promise<void>;
  readonly beat: () => Promise<void>;
  /** Resolved when the reader is gone or there is nothing more. */
  readonly ended: PromiseWithResolvers<void>;
}

async function follow(room: RoomApi, after: number, { write, beat, ended }: Reader): Promise<void> {
  const answer = await room.fetch(
    new Request(socketUrl({ role: "watch", encoding: "json", after }), { headers: { upgrade: "websocket" } }),
  );
  const socket = answer.webSocket;
  // The reader comes back by itself.
  if (!socket || answer.status === refusedStatus) return;
  let waiting = 0;
  let written = Promise.resolve();
  const queue = (step: () => Promise<void>): void => {
    waiting += 1;
    if (waiting > maxWaitingEvents) ended.resolve();
    written = written
      .then(step)
      .catch(() => ended.resolve())
      .finally(() => {
        waiting -= 1;
      });
  };
  socket.addEventListener("message", ({ data }) => {
    const message = roomMessageSchema.parse(JSON.parse(String(data)));
    if (message.type === "event") queue(() => write(message.event));
    if (message.type === "closing" || message.type === "error") queue(async () => ended.resolve());
  });
  socket.addEventListener("close", () => queue(async () => ended.resolve()));
  socket.accept();
  const heart = setInterval(() => {
    queue(beat);
    socket.send(pingText);
  }, heartbeatMs);
  try {
    await ended.promise;
  } finally {
    clearInterval(heart);
    socket.close(1000, "the reader is gone");
  }
}
