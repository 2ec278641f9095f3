/**
 * `GET …/events` as server-sent events. Fed by a socket that watches the room, so that the room may sleep while nothing happens.
 * The socket is opened before anything is answered: a reader for whom there is no place is told so by the status, and what comes
 * while the log is still paged, at the reader's speed, is not missed. A stream that the gateway ends says why: `event: closing`.
 */
import type { Context } from "hono";
import { type SSEStreamingApi, streamSSE } from "hono/streaming";
import { limits } from "../../../schemas/limits.ts";
import { type EventsPage, logResetEvent } from "../../../schemas/http/events.ts";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { readLater } from "../../../schemas/lib/read-later.ts";
import { type ErrorMessage, errorSchema, pingText, roomMessageSchema } from "../../../schemas/wire/messages.ts";
import { expiresAtOf, subjectOf } from "../../shared/access/principal.ts";
import { heartbeatMs } from "../../shared/config/timings.ts";
import { refusedStatus, socketUrl } from "../room/socket-request.ts";
import type { AppEnv } from "./app-env.ts";
import { readSlice } from "./log-reader.ts";
import { problem, type Reason } from "./problems.ts";
import { type RoomApi, roomOf } from "./rooms.ts";

/** How long a reader that reads nothing has for the word that the stream ends. */
const endWithinMs = 10_000;

export async function streamEvents(c: Context<AppEnv>, after: number): Promise<Response> {
  const room = roomOf(c);
  const asked = await readSlice(room, after, limits.maxEventsPerPage);
  // What the reader has is of another log: it is told so, and gets this one from its beginning (U7).
  const isOtherLog = !asked.ok && typeof asked.error === "object";
  const first = isOtherLog ? await readSlice(room, 0, limits.maxEventsPerPage) : asked;
  if (!first.ok) return problem(c, first.error);
  const state = await room.call("describe");
  // 204 keeps an EventSource from coming back (WHATWG HTML §9.2.1).
  const isOver = state?.status === "finalized" && !state.result?.is_pending;
  if (first.value.events.length === 0 && !isOtherLog && isOver) return c.body(null, 204);
  // Nobody reads what follows a HEAD's headers: it takes no place.
  if (c.req.raw.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
  const eventCount = state?.event_count ?? 0;
  const upTo = isOtherLog ? eventCount : Math.max(after, eventCount);
  const greeting = isOtherLog ? resetOf(eventCount) : "";
  const { principal, traceId: trace_id } = c.var;
  const caller = { subject: subjectOf(principal), expires_at: expiresAtOf(principal), trace_id };
  const url = socketUrl({ role: "watch", encoding: "json", after: upTo, ...caller });
  const answer = await room.fetch(new Request(url, { headers: { upgrade: "websocket" } }));
  if (answer.status === refusedStatus) return problem(c, reasonOf(errorSchema.parse(await answer.json())));
  const { webSocket: socket } = answer;
  if (!socket) return problem(c, "connection_not_taken");
  c.header("x-accel-buffering", "no");
  return streamSSE(c, (stream) =>
    new Follower(stream, socket, c.req.raw.signal).run(room, first.value, upTo, greeting),
  );
}

/** With an empty id: a reader that is cut off here must not come back with the old one. */
function resetOf(eventCount: number): string {
  return `event: ${logResetEvent}\ndata: ${JSON.stringify({ event_count: eventCount })}\nid\n\n`;
}

/** Why the room takes no watcher, as the answer to a request says it. */
function reasonOf({ code, detail, retry_after_ms: retryAfterMs = 0 }: ErrorMessage): Reason {
  if (code === "session_not_found") return "session_not_found";
  if (code === "session_finalized") return "session_deleted";
  return code === "rate_limited" ? { reason: "too_many_watchers", detail, retryAfterMs } : "connection_not_taken";
}

class Follower {
  readonly #stream: SSEStreamingApi;
  readonly #socket: WebSocket;
  /** Resolved when the reader has left or nothing more will come. */
  readonly #ended = Promise.withResolvers<void>();
  /** Whether it makes no sense to write on: the reader has left, or is no longer let in. */
  #isOver = false;
  /** What the socket brought waits for the pages before it. */
  readonly #paged = Promise.withResolvers<void>();
  #written: Promise<void> = this.#paged.promise;
  #isBeating = false;
  #ending: ReturnType<typeof setTimeout> | null = null;

  constructor(stream: SSEStreamingApi, socket: WebSocket, left: AbortSignal) {
    this.#stream = stream;
    this.#socket = socket;
    const leave = (): void => this.#end();
    stream.onAbort(leave);
    left.addEventListener("abort", leave);
    // Neither tells of what was before.
    if (stream.aborted || left.aborted) leave();
  }

  async run(room: RoomApi, first: EventsPage, upTo: number, greeting: string): Promise<void> {
    this.#listen();
    const heart = setInterval(() => {
      this.#beat();
      this.#socket.send(pingText);
    }, heartbeatMs);
    try {
      // A reader that reads nothing keeps the first word waiting as well.
      await Promise.race([this.#begin(room, first, upTo, greeting), this.#ended.promise]);
      await this.#ended.promise;
    } finally {
      clearInterval(heart);
      clearTimeout(this.#ending);
      this.#socket.close(1000, "the reader has left");
    }
  }

  async #begin(room: RoomApi, first: EventsPage, upTo: number, greeting: string): Promise<void> {
    await this.#stream.write(`retry: 2000\n\n${greeting}`);
    await this.#page(room, first, upTo);
    this.#paged.resolve();
  }

  /** Once at a time: a reader that is slow has enough to read. */
  #beat(): void {
    if (this.#isBeating) return;
    this.#isBeating = true;
    this.#queue(async () => {
      await this.#stream.write(": still here\n\n");
      this.#isBeating = false;
    });
  }

  /** The log up to where the socket begins. */
  async #page(room: RoomApi, first: EventsPage, upTo: number): Promise<void> {
    let page = first;
    for (;;) {
      for (const event of page.events) {
        if (event.event_id > upTo || this.#isOver) return;
        await this.#write(event);
      }
      // Not `has_more`: the log may have grown between the page and the look at how long it is.
      if (page.next_after >= upTo) return;
      const next = await readSlice(room, page.next_after, limits.maxEventsPerPage);
      if (!next.ok || next.value.events.length === 0) return this.#end();
      page = next.value;
    }
  }

  #listen(): void {
    this.#socket.addEventListener("message", ({ data }) => {
      // A room of another version may say more than this Worker knows.
      const { data: message } = readLater(roomMessageSchema, JSON.parse(String(data)));
      if (!message) return undefined;
      if (message.type === "event") this.#queue(() => this.#write(message.event));
      // Once the reader has taken all before it: what it does not read waits in the room.
      if ("mark" in message && message.mark !== undefined) this.#tell(message.mark);
      if (message.type === "event") return undefined;
      if (message.type === "closing") return this.#close({ reason: message.reason });
      if (message.type !== "error") return undefined;
      // What the log still holds is not for whoever is no longer let in.
      this.#isOver = true;
      const { code: reason, detail, retryable } = message;
      return this.#close({ reason, detail, retryable });
    });
    this.#socket.addEventListener("close", () => this.#queue(async () => this.#end()));
    this.#socket.accept();
  }

  #tell(mark: string): void {
    this.#queue(async () => {
      if (!this.#isOver) this.#socket.send(JSON.stringify({ type: "seen", mark }));
    });
  }

  /** Says why the stream ends, after what is still to be written, and ends it. */
  #close(why: Readonly<Record<string, unknown>>): void {
    this.#ending ??= setTimeout(() => this.#end(), endWithinMs);
    this.#queue(async () => {
      await this.#stream.writeSSE({ event: "closing", data: JSON.stringify(why) });
      this.#end();
    });
  }

  /** What waits for a slow reader is bounded by what the room sends before it is told of what was taken. */
  #queue(step: () => Promise<void>): void {
    this.#written = this.#written.then(step).catch(() => this.#end());
  }

  #write(event: RoomEvent): Promise<void> {
    const { event_id, type } = event;
    return this.#stream.writeSSE({ id: String(event_id), event: type, data: JSON.stringify(event) });
  }

  #end(): void {
    this.#isOver = true;
    this.#ended.resolve();
  }
}
