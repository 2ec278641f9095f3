/** A question to meetings, and its answer as it comes. It is asked once: an answer that broke off is an error, and no part passes for all of it. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import * as z from "zod";
import { chatEndSchema, citationSchema } from "../../schemas/http/chat.ts";
import { parseJson } from "../../schemas/lib/parse-json.ts";
import type { Caller } from "./caller.ts";
import type { ChatEvent, ChatOptions, ChatQuestion } from "./chat-types.ts";
import { RoomtoneError, RoomtoneHttpError, RoomtoneNetworkError } from "./results-errors.ts";
import { newTraceId } from "./trace.ts";

const answerTimeoutMs = 60_000;
const maxEventChars = 1_000_000;
const beginSchema = z.object({ model: z.string(), instead_of: z.string().nullable() });
const deltaSchema = z.object({ text: z.string() });
const failureSchema = z.object({ code: z.string(), message: z.string() });

/** Ends after `done`. @throws what `exchange` does; leaving it ends the model's work. */
export async function* chat(
  caller: Caller,
  question: ChatQuestion,
  { timeoutMs = answerTimeoutMs, signal }: ChatOptions = {},
): AsyncGenerator<ChatEvent, void, undefined> {
  const request = {
    method: "POST",
    path: "v1/chat",
    body: question,
    repeatable: false,
    timeoutMs,
    traceId: newTraceId(),
    signal,
  } as const;
  const { body } = await caller.body(request, "text/event-stream");
  const reader = body
    .pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)
    .pipeThrough(new EventSourceParserStream({ maxBufferSize: maxEventChars }))
    .getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new RoomtoneNetworkError(request, "broke off before the answer's end.");
      if (value.event === "error") {
        // The answer had begun well: its status says nothing of this.
        const { code, message: detail } = failureSchema.parse(parseJson(value.data));
        throw new RoomtoneHttpError(request, { code, status: 200, detail, retryAfterMs: undefined });
      }
      const event = readEvent(value.event, value.data);
      if (event) yield event;
      if (event?.type === "done") return;
    }
  } catch (cause) {
    signal?.throwIfAborted();
    if (cause instanceof RoomtoneError) throw cause;
    if (cause instanceof z.ZodError || cause instanceof SyntaxError)
      throw new RoomtoneNetworkError(request, "was answered with events that break the contract.");
    throw cause;
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** @returns undefined for what this version does not know. */
function readEvent(name: string | undefined, data: string): ChatEvent | undefined {
  switch (name) {
    case "begin":
      return { type: "begin", ...beginSchema.parse(parseJson(data)) };
    case "delta":
      return { type: "delta", ...deltaSchema.parse(parseJson(data)) };
    case "citation":
      return { type: "citation", ...citationSchema.parse(parseJson(data)) };
    case "done":
      return { type: "done", ...chatEndSchema.parse(parseJson(data)) };
    case undefined:
    default:
      return undefined;
  }
}
