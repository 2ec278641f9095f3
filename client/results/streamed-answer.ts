/** The answer of a model as it comes, over one request: an answer that broke off is an error, and no part passes for all of it. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import * as z from "zod";
import { parseJson } from "../../schemas/lib/parse-json.ts";
import type { Caller, Request } from "./caller.ts";
import { RoomtoneError, RoomtoneHttpError, RoomtoneNetworkError } from "./results-errors.ts";

const failureSchema = z.object({ code: z.string(), message: z.string() });

export interface StreamedAnswer<T> {
  /** Of one event; a longer one ends the answer. */
  readonly maxEventChars: number;
  /** What is said of an answer that ends before it was left: "broke off before …". */
  readonly brokeOff: string;
  /** @returns undefined for an event that this version does not know. @throws where it breaks the contract. */
  readonly read: (name: string | undefined, data: unknown) => T | undefined;
}

/** Goes on until it is left, which ends the model's work. @throws what `Caller.body` does, and where the answer fails or ends. */
export async function* streamedAnswer<T>(
  caller: Caller,
  request: Request & { readonly traceId: string },
  { maxEventChars, brokeOff, read }: StreamedAnswer<T>,
): AsyncGenerator<T, never, undefined> {
  const { body } = await caller.body(request, "text/event-stream");
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: maxEventChars }))
    .getReader();
  const next = async (): Promise<T | undefined> => {
    const { done, value } = await reader.read();
    if (done) throw new RoomtoneNetworkError(request, brokeOff);
    const data = parseJson(value.data);
    if (value.event !== "error") return read(value.event, data);
    // The answer had begun well: its status says nothing of this.
    const { code, message: detail } = failureSchema.parse(data);
    throw new RoomtoneHttpError(request, { code, status: 200, detail, retryAfterMs: undefined });
  };
  try {
    for (;;) {
      const event = await next().catch((cause: unknown) => rethrow(cause, request));
      if (event !== undefined) yield event;
    }
  } finally {
    // What it answers is nobody's any more.
    await reader.cancel().catch(() => undefined);
  }
}

function rethrow(cause: unknown, request: Request & { readonly traceId: string }): never {
  request.signal?.throwIfAborted();
  if (cause instanceof RoomtoneError) throw cause;
  if (cause instanceof z.ZodError || cause instanceof SyntaxError)
    throw new RoomtoneNetworkError(request, "was answered with events that break the contract.");
  throw cause;
}
