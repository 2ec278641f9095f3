/**
 * The event log as it grows, over server-sent events. An event is handed out once and in order, however often the
 * connection is lost: each new one starts after the last event that was handed out.
 */
import { EventSourceParserStream } from "eventsource-parser/stream";
import { logResetEvent } from "../../schemas/http/events.ts";
import { readLater } from "../../schemas/lib/read-later.ts";
import { eventSchema, type RoomEvent } from "../../schemas/speech/events.ts";
import { begin, type Door, type Exchange } from "./exchange.ts";
import { RoomtoneAnswerError, RoomtoneNetworkError } from "./results-errors.ts";
import { pause, Retries } from "./retry.ts";
import { newTraceId } from "./trace.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";

/** The gateway says something every 15 s; after this much silence the connection is dead. */
const maxSilenceMs = 45_000;
/** Before the next connection, where the last one ended without a failure. */
const reconnectMs = 1_000;
/** Of one event: far above what the gateway writes. */
const maxEventChars = 1_000_000;

export interface LiveEvents {
  /** Of the events route. */
  readonly path: string;
  readonly after: number;
  /** Failures in a row before it gives up. */
  readonly retries: number;
  readonly signal: AbortSignal | undefined;
}

/** @throws what `exchange` does, once it failed `retries` + 1 times without an event or a sign of life in between. */
export async function* liveEvents(door: Door, options: LiveEvents): AsyncGenerator<RoomEvent, void, undefined> {
  const { path, retries, signal } = options;
  const traceId = newTraceId();
  const rules = new Retries({ retries, isRepeatable: true, isRenewable: door.isRenewable });
  let { after } = options;
  for (;;) {
    const headers = { "last-event-id": String(after) };
    const call: Exchange = {
      method: "GET",
      path,
      headers,
      accept: "text/event-stream",
      body: undefined,
      authorized: true,
      good: [200, 204],
      timeoutMs: maxSilenceMs,
      signal,
      traceId,
    };
    try {
      for await (const event of connection(door, call, () => rules.succeed())) {
        if (event === "over") return;
        rules.succeed();
        after = event.event_id;
        yield event;
      }
      await pause(reconnectMs, signal);
    } catch (error) {
      signal?.throwIfAborted();
      const delayMs = rules.delayMs(error);
      if (delayMs === undefined) throw error;
      if (delayMs > 0) door.onWait?.(rules.wait(error, delayMs));
      await pause(delayMs, signal);
    }
  }
}

/** An event of a type that this version does not know is handed out as it came. */
function readEvent(call: Exchange, data: string): RoomEvent {
  const read = readLater(eventSchema, parseJson(data));
  if (read.success) return read.data;
  throw new RoomtoneAnswerError(
    call,
    `gave an event that breaks the contract at ${read.error.issues[0]?.path.join(".")}.`,
  );
}

/** The events of one connection, until it ends. @param onBeat it stood, and nothing happened: a quiet meeting, and no failure. */
async function* connection(
  door: Door,
  call: Exchange,
  onBeat: () => void,
): AsyncGenerator<RoomEvent | "over", void, undefined> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  call.signal?.throwIfAborted();
  call.signal?.addEventListener("abort", abort);
  let silence = setTimeout(abort, call.timeoutMs);
  const heard = (): void => {
    clearTimeout(silence);
    silence = setTimeout(abort, call.timeoutMs);
  };
  const beat = (): void => {
    heard();
    onBeat();
  };
  try {
    const { answer } = await begin(door, call, controller.signal);
    // 204: the session is finalized, and nothing follows.
    if (!answer.body) {
      yield "over";
      return;
    }
    const parser = new EventSourceParserStream({ maxBufferSize: maxEventChars, onComment: beat });
    const messages = answer.body
      .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
      .pipeThrough(parser);
    const reader = messages.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      heard();
      // Says why the gateway ends the stream, which it does next. The next connection, with a new credential, tells the rest.
      if (value.event === "closing") continue;
      if (value.event === logResetEvent) {
        throw new RoomtoneAnswerError(
          call,
          "has another event log than the one that was read. Begin anew, with after: 0.",
        );
      }
      // What has no number is no event of the log: a later gateway may have other things to say.
      if (value.id !== undefined) yield readEvent(call, value.data);
    }
  } catch (cause) {
    if (cause instanceof Error && "traceId" in cause) throw cause;
    throw new RoomtoneNetworkError(call, "lost its stream of events.");
  } finally {
    clearTimeout(silence);
    call.signal?.removeEventListener("abort", abort);
    controller.abort();
  }
}
