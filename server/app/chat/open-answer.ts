/**
 * A question, from who asks it to the answer's first event: whom it may be put to, and what it may reach, are settled in this order
 * before anything is looked for. The request is plain data, so that an object can be asked as a route is.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { modelNameOf } from "../../shared/config/speech.ts";
import { type Principal, subjectOf } from "../../shared/access/principal.ts";
import type { ChatTurn } from "../ai/chat-port.ts";
import { openChat } from "../ai/open-chat.ts";
import { ModelError, type ModelFault } from "../ai/ports.ts";
import type { Env } from "../env.ts";
import type { Missing } from "../search/index.ts";
import type { Answer, AnswerEvent } from "./answer.ts";
import { answerOf } from "./ask.ts";
import { chooseChat, type ModelWish } from "./choose-chat.ts";
import { openDocuments } from "./own-documents.ts";
import { type LookedIn, openMeetings, withinOf } from "./meetings.ts";

export interface Question {
  readonly principal: Principal;
  readonly traceId: string;
  /** As it is told to providers and written down: `POST /v1/chat`. */
  readonly route: string;
  /** As `CHAT_MODEL_ROUTES` calls it. */
  readonly routeName: "chat" | "completions" | "escalate";
  readonly text: string;
  /** What was said before. */
  readonly before: readonly ChatTurn[];
  readonly lookedIn: LookedIn;
  /** Where no meetings are named: all that the caller may see, or none for a model that writes. */
  readonly unnamed: "all" | "none";
  readonly model: ModelWish;
  /** Whether the model that quotes may answer where no meeting is asked and those that write can't. */
  readonly quotesAnyway: boolean;
  readonly system?: string | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
}

export type AnswerRefusal =
  | ModelFault
  | Missing
  | { readonly reason: "other_session" }
  | { readonly reason: "misconfigured"; readonly issues: readonly string[] }
  | { readonly reason: "model_not_set_up" }
  | { readonly reason: "model_not_offered"; readonly names: readonly string[] };

export async function openAnswer(
  env: Env,
  question: Question,
  signal: AbortSignal,
  keepAlive: (work: Promise<unknown>) => void,
): Promise<Result<Answer, AnswerRefusal>> {
  const { principal, traceId, route, lookedIn, before, system, maxTokens, temperature } = question;
  const { tenant } = principal;
  const within = withinOf(principal, lookedIn);
  if (!within.ok) return err({ reason: "other_session" });
  const chat = await openChat(env, tenant, question.routeName, keepAlive);
  if (!chat.ok) return err({ reason: "misconfigured", issues: chat.error });
  const candidates = chooseChat(chat.value, question.model);
  if (!candidates.ok) {
    if (candidates.error === "model_not_set_up") return err({ reason: candidates.error });
    return err({ reason: candidates.error, names: chat.value.allowed.map(modelNameOf) });
  }
  const isUnnamed = lookedIn.meetings === undefined && question.unnamed === "none" && candidates.value.length > 0;
  const isOnlyDocuments = lookedIn.meetings === undefined && (lookedIn.documents?.length ?? 0) > 0;
  const isNone = isUnnamed || isOnlyDocuments || lookedIn.meetings?.length === 0;
  const meetings = isNone ? ok(undefined) : await openMeetings(env, tenant, within.value);
  if (!meetings.ok) return meetings;
  const documents = openDocuments(env, principal, lookedIn, question.unnamed === "all");
  const asked = {
    question: question.text,
    before,
    meetings: meetings.value,
    documents,
    system,
    maxTokens,
    temperature,
  };
  const askable = {
    chat: chat.value,
    candidates: candidates.value,
    mayQuote: meetings.value !== undefined || documents !== undefined || question.quotesAnyway,
  };
  return begun(answerOf(asked, askable, { tenant, subject: subjectOf(principal), traceId, route, signal }));
}

/** An answer that has begun, so that what fails at once is a refusal and no answer. */
async function begun(answer: Answer): Promise<Result<Answer, ModelFault>> {
  try {
    return ok(going(await answer.next(), answer));
  } catch (cause) {
    if (cause instanceof ModelError) return err(cause.fault);
    throw cause;
  }
}

async function* going(first: IteratorResult<AnswerEvent, void>, answer: Answer): Answer {
  if (first.done) return;
  try {
    yield first.value;
    yield* answer;
  } finally {
    await answer.return();
  }
}
