/** A question to meetings, and its answer as it comes. It is asked once: an answer that broke off is an error, and no part passes for all of it. */
import * as z from "zod";
import { chatEndSchema, citationSchema, documentCitationSchema } from "../../schemas/http/chat.ts";
import type { Caller } from "./caller.ts";
import { checkNumber } from "./check-number.ts";
import type { ChatEvent, ChatOptions, ChatQuestion } from "./chat-types.ts";
import { streamedAnswer } from "./streamed-answer.ts";
import { newTraceId } from "./trace.ts";

const answerTimeoutMs = 60_000;
const maxEventChars = 1_000_000;
const beginSchema = z.object({ model: z.string(), instead_of: z.string().nullable() });
const deltaSchema = z.object({ text: z.string() });

/** Ends after `done`. @throws what `exchange` does; leaving it ends the model's work. */
export async function* chat(
  caller: Caller,
  question: ChatQuestion,
  { timeoutMs = answerTimeoutMs, signal }: ChatOptions = {},
): AsyncGenerator<ChatEvent, void, undefined> {
  checkNumber("timeoutMs", timeoutMs, 1);
  const request = {
    method: "POST",
    path: "v1/chat",
    body: question,
    repeatable: false,
    timeoutMs,
    traceId: newTraceId(),
    signal,
  } as const;
  const answer = { maxEventChars, brokeOff: "broke off before the answer's end.", read: readEvent };
  for await (const event of streamedAnswer(caller, request, answer)) {
    yield event;
    if (event.type === "done") return;
  }
}

/** @returns undefined for what this version does not know. */
function readEvent(name: string | undefined, data: unknown): ChatEvent | undefined {
  switch (name) {
    case "begin":
      return { type: "begin", ...beginSchema.parse(data) };
    case "delta":
      return { type: "delta", ...deltaSchema.parse(data) };
    case "citation":
      return { type: "citation", ...citationSchema.parse(data) };
    case "document":
      return { type: "document", ...documentCitationSchema.parse(data) };
    case "done":
      return { type: "done", ...chatEndSchema.parse(data) };
    case undefined:
    default:
      return undefined;
  }
}
