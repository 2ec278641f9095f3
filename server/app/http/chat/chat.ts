/** `POST /v1/chat`: who asks, what they may see, and the answer, whole or as server-sent events. Answers are made in `chat/`. */
import type { Context } from "hono";
import { chatBodySchema } from "../../../../schemas/http/chat.ts";
import { limits } from "../../../../schemas/limits.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { openChat } from "../../ai/open-chat.ts";
import { ModelError } from "../../ai/ports.ts";
import { type Answer, answerOf, openMeetings, whole, withinOf } from "../../chat/index.ts";
import type { AppEnv } from "../app-env.ts";
import { refuse as refuseWith, refuseSession } from "../of-session.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import { callOf } from "../speech/caller.ts";
import { misconfigured, refusalOf, refuse } from "../speech/refusals.ts";
import { type SseEvent, sseResponse } from "../speech/sse-response.ts";
import { begun, brokenOff, sseOf, wantsEvents } from "./begun.ts";
import { chooseChat } from "./choose-chat.ts";

export async function chatRoute(c: Context<AppEnv>): Promise<Response> {
  const { principal } = c.var;
  if (!principal) throw new Error("a question without a caller");
  const body = await readJsonBody(c.req.raw, chatBodySchema, limits.maxChatBodyBytes);
  if (!body.ok) return refuse(c, bodyRefusal(body.error));
  const { message, messages = [], system, max_tokens: maxTokens, model: name, ...lookedIn } = body.value;
  const within = withinOf(principal, lookedIn);
  if (!within.ok) return refuseWith(c, "forbidden", "The token is for another session than meetings names.");
  const chat = await openChat(c.env, principal.tenant, "chat", (work) => c.executionCtx.waitUntil(work));
  if (!chat.ok) return misconfigured(c, chat.error);
  const candidates = chooseChat(chat.value, { name, isLoose: false });
  if (!candidates.ok) return refuse(c, candidates.error);
  const meetings = await openMeetings(c.env, principal.tenant, within.value);
  if (!meetings.ok) return refuseSession(c, meetings.error.reason);
  const question = message ?? messages.at(-1)?.content ?? "";
  const isNone = lookedIn.meetings?.length === 0;
  const asked = {
    question,
    before: messages.slice(0, -1),
    meetings: isNone ? undefined : meetings.value,
    system,
    maxTokens,
  };
  const left = new AbortController();
  const call = { ...callOf(c), signal: AbortSignal.any([c.req.raw.signal, left.signal]) };
  const answer = await begun(answerOf(asked, { chat: chat.value, candidates: candidates.value, mayQuote: true }, call));
  if (!answer.ok) return refuse(c, refusalOf(answer.error));
  if (wantsEvents(c)) return sseResponse(events(answer.value), failure, () => left.abort());
  try {
    return Response.json(await whole(answer.value));
  } catch (cause) {
    if (cause instanceof ModelError) return refuse(c, refusalOf(cause.fault));
    throw cause;
  }
}

async function* events(answer: Answer): AsyncGenerator<SseEvent, void> {
  for await (const event of answer) yield sseOf(event);
}

const failure = (cause: unknown): SseEvent => ({ event: "error", data: brokenOff(cause) });
