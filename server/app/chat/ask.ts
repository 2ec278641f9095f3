/**
 * A question's answer by the models that hold for it, in their order. Where none of those that write gives a first word, the one that quotes
 * answers in their place and says so (SPEC J7); what a model may see and point at does not depend on which it is.
 */
import { type ModelFault, ModelError } from "../ai/ports.ts";
import type { Call } from "../ai/ports.ts";
import type { Candidate } from "../ai/ask-in-turn.ts";
import type { ChatModel, ChatTurn } from "../ai/chat-port.ts";
import type { TenantChat } from "../ai/open-chat.ts";
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import type { Answer } from "./answer.ts";
import type { Meetings } from "./meetings.ts";
import type { OwnDocuments } from "./own-documents.ts";
import { documentPassagesFor, passagesFor } from "./passages.ts";
import { promptOf } from "./prompt.ts";
import { quotedAnswer } from "./quoted-answer.ts";
import { writtenAnswer } from "./written-answer.ts";

/** From the question to the answer's end. */
export const answerMs = 120_000;

export interface Asked {
  readonly question: string;
  /** What was said before. */
  readonly before: readonly ChatTurn[];
  /** Undefined: no meeting is asked. */
  readonly meetings: Meetings | undefined;
  /** Undefined: none of the asker's own documents is asked. */
  readonly documents: OwnDocuments | undefined;
  readonly system?: string | undefined;
  readonly maxTokens?: number | undefined;
  readonly temperature?: number | undefined;
}

export interface Askable {
  readonly chat: Pick<TenantChat, "models" | "meter">;
  /** Models that write, in their order; none: the one that quotes is asked. */
  readonly candidates: readonly Candidate<ChatModel>[];
  /** Whether the one that quotes may answer in their place. */
  readonly mayQuote: boolean;
}

/** Has a question answered, event by event. @throws ModelError before the first event where nobody answers, later where an answer breaks off. */
export async function* answerOf(asked: Asked, { chat, candidates, mayQuote }: Askable, call: Call): Answer {
  const deadline = deadlineIn(answerMs);
  const within = { ...call, signal: AbortSignal.any([call.signal, deadline.signal]) };
  try {
    yield* inTurn(asked, { chat, candidates, mayQuote }, within);
  } catch (cause) {
    const isLate = deadline.signal.aborted && !call.signal.aborted;
    throw isLate ? new ModelError({ reason: "timeout" }) : cause;
  } finally {
    deadline.clear();
  }
}

async function* inTurn(asked: Asked, { chat, candidates, mayQuote }: Askable, call: Call): Answer {
  const { question, before, meetings, documents, system } = asked;
  const places = { meetings, documents };
  const quote = (instead?: string): Answer => quotedAnswer(question, places, { meter: chat.meter, call, instead });
  const [first] = candidates;
  if (!first) return yield* quote();
  const earlier = before.findLast(({ role }) => role === "user")?.content;
  const said = meetings && (await passagesFor(question, earlier, meetings));
  const written = documents && (await documentPassagesFor(question, earlier, documents));
  const lines = said || written ? [...(said ?? []), ...(written ?? [])] : undefined;
  // There is nothing that a model could write an answer from.
  if (lines?.length === 0) return yield* quote();
  const own: ChatTurn[] = system === undefined ? [] : [{ role: "system", content: system }];
  const messages = lines
    ? promptOf(question, lines, before, system)
    : [...own, ...before, { role: "user" as const, content: question }];
  const { maxTokens, temperature } = asked;
  const answer = await chat.models.write(candidates, { messages, maxTokens, temperature }, call);
  if (answer.ok) {
    const instead = answer.value.model === first.name ? undefined : first.name;
    return yield* writtenAnswer(answer.value, lines ?? [], places, { tenant: call.tenant, instead });
  }
  if (answer.error.reason === "aborted" || answer.error.reason === "exhausted" || !mayQuote)
    throw new ModelError(answer.error satisfies ModelFault);
  return yield* quote(first.name);
}
