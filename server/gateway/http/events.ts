/** `GET /v1/sessions/:session_id/events`, as JSON pages or as server-sent events, and `…/live`, a WebSocket that watches. */
import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { limits } from "../../../schemas/limits.ts";
import { pingText, roomMessageSchema } from "../../../schemas/wire/messages.ts";
import { eventsQuerySchema, liveQuerySchema } from "../../../schemas/http/queries.ts";
import { heartbeatMs } from "../../shared/config/timings.ts";
import { subjectOf } from "../../shared/access/principal.ts";
import { refusedStatus, type SocketRequest, socketUrl } from "../room/socket-request.ts";
import type { AppEnv } from "./app-env.ts";
import { queryOf } from "./guards/parameters.ts";
import { type RoomApi, roomOf } from "./rooms.ts";
import { problem } from "./problems.ts";
import { openSocket } from "./sockets.ts";

/** Events that wait for a slow consumer; beyond it the stream ends, and the reader comes back for what it missed. */
const maxWaitingEvents = 1_000;

export async function eventsRoute(c: Context<AppEnv>): Promise<Response> {
  const wantsStream = c.req.header("accept")?.includes("text/event-stream") ?? false;
  // A reconnecting EventSource sends where it was; its URL says where it began.
  const last = wantsStream ? c.req.header("last-event-id") : undefined;
  const query = queryOf(c, eventsQuerySchema, last === undefined ? {} : { after: last });
  if (!query.ok) return problem(c, query.error);
  const { after, limit } = query.value;
  const room = roomOf(c);
  if (wantsStream) return streamEvents(c, room, after);
  const page = await room.call("events", after, limit);
  return page.ok ? c.json(page.value) : problem(c, page.error);
}

export async function liveRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, liveQuerySchema);
  return query.ok ? openSocket(c, roomOf(c), { role: "watch", after: query.value.after }) : problem(c, query.error);
}

/**
 * The stream is fed by a socket that watches the room, so that the room may sleep while nothing happens. What lies
 * too far back for that is read in pages first, at the reader's speed.
 */
async function streamEvents(c: Context<AppEnv>, room: RoomApi, after: number): Promise<Response> {
  const first = await room.call("events", after, limits.maxEventsPerPage);
  if (!first.ok) return problem(c, first.error);
  const state = await room.call("describe");
  // 204 keeps an EventSource from coming back (WHATWG HTML §9.2.1).
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
    // `onAbort` would not be called for a reader that has left by now, and nothing would end what follows.
    if (stream.aborted) return;
    const ended = Promise.withResolvers<void>();
    stream.onAbort(() => ended.resolve());
    const { principal } = c.var;
    const expires_at = principal.kind === "token" ? principal.expiresAt : undefined;
    const subject = subjectOf(principal);
    const asked = { role: "watch", encoding: "json", subject, after: page.next_after, expires_at } as const;
    await follow(room, asked, {
      write,
      beat: () => stream.write(": still here\n\n").then(() => undefined),
      ended,
    });
  });
}

interface Reader {
  readonly write: (event: RoomEvent) => Promise<void>;
  readonly beat: () => Promise<void>;
  /** Resolved when the reader has left or nothing more will come. */
  readonly ended: PromiseWithResolvers<void>;
}

async function follow(room: RoomApi, asked: SocketRequest, { write, beat, ended }: Reader): Promise<void> {
  const answer = await room.fetch(new Request(socketUrl(asked), { headers: { upgrade: "websocket" } }));
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
    socket.close(1000, "the reader has left");
  }
}
