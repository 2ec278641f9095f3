/** `POST /v1/chat`: who asks, what they may see, and the answer, whole or as server-sent events. Answers are made in `chat/`. */
import type { Context } from "hono";
import { chatBodySchema } from "../../../../schemas/http/chat.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { type AnswerEvent, openMeetings, quotedAnswer, whole, withinOf } from "../../chat/index.ts";
import { ModelError } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";
import { refuse as refuseWith, refuseSession } from "../of-session.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { isRetryable, refusalOf, refuse } from "../speech/refusals.ts";
import { type SseEvent, sseResponse } from "../speech/sse-response.ts";

export async function chatRoute(c: Context<AppEnv>): Promise<Response> {
  const { principal } = c.var;
  if (!principal) throw new Error("a question without a caller");
  const body = await readJsonBody(c.req.raw, chatBodySchema, limits.maxChatBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const { message, messages, ...lookedIn } = body.value;
  const within = withinOf(principal, lookedIn);
  if (!within.ok) return refuseWith(c, "forbidden", "The token is for another session than meetings names.");
  const meetings = await openMeetings(c.env, principal.tenant, within.value);
  if (!meetings.ok) return refuseSession(c, meetings.error.reason);
  const answer = quotedAnswer(message ?? messages?.at(-1)?.content ?? "", meetings.value);
  if (!wantsEvents(c)) return Response.json(await whole(answer));
  return sseResponse(events(answer), failure, () => undefined);
}

function wantsEvents(c: Context<AppEnv>): boolean {
  return /\btext\/event-stream\b/i.test(c.req.header("accept") ?? "");
}

async function* events(answer: AsyncGenerator<AnswerEvent, void>): AsyncGenerator<SseEvent, void> {
  for await (const event of answer) yield sseOf(event);
}

function sseOf(event: AnswerEvent): SseEvent {
  switch (event.type) {
    case "begin":
      return { event: "begin", data: { model: event.model } };
    case "delta":
      return { event: "delta", data: { text: event.text } };
    case "citation":
      return { event: "citation", data: event.citation };
    case "done":
      return { event: "done", data: event.end };
  }
}

function failure(cause: unknown): SseEvent {
  const refusal = refusalOf(cause instanceof ModelError ? cause.fault : { reason: "failed" });
  const { code, detail: message } = refusal;
  return { event: "error", data: { code, message, retryable: isRetryable(refusal) } };
}
