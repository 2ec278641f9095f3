/**
 * A question that may come twice under one idempotency key (SPEC S3): its work is done once. What changes the room in one step has
 * its answer kept in the same commit; what takes longer has it kept after its own commit, and bears being done again.
 */
import type { Database } from "../../shared/lib/sql.ts";
import { IdempotentRequests, type KeyedRequest } from "../core/idempotent-requests.ts";
import type { SessionMethod } from "./session-api.ts";

/** Done in one synchronous step. */
const inOneStep: ReadonlySet<SessionMethod> = new Set([
  "addUtterances",
  "configure",
  "correct",
  "resendDelivery",
  "retryResolves",
  "reviewSpeakers",
  "testWebhook",
  "undo",
]);
/** Looks at the key by itself: its answer is kept in the step that takes what the service said. */
const byItself: ReadonlySet<SessionMethod> = new Set(["resolve"]);

export type Once<T> =
  | { readonly isMismatch: true }
  | { readonly isMismatch: false; readonly answer: T; readonly isReplay: boolean };

export interface AnswerOnceDeps {
  /** The room's storage; undefined for a session that was never opened, or is deleted. */
  readonly database: () => Database | undefined;
}

export async function answerOnce<T>(
  { database }: AnswerOnceDeps,
  method: SessionMethod,
  asked: KeyedRequest | undefined,
  ask: () => T | Promise<T>,
): Promise<Once<T>> {
  if (!asked || byItself.has(method)) return { isMismatch: false, answer: await ask(), isReplay: false };
  const before = known<T>(database(), asked);
  if (before) return before;
  const db = database();
  if (db && inOneStep.has(method)) {
    // Synchronous, so that the twin of this request comes before it or after it.
    const answer = db.transaction(() => {
      const made = ask() as T;
      if (isSuccess(made)) new IdempotentRequests(db).remember(asked, made);
      return made;
    });
    return { isMismatch: false, answer, isReplay: false };
  }
  const answer = await ask();
  // The same request, sent twice at once, may have been answered by now.
  const meanwhile = known<T>(database(), asked);
  if (meanwhile) return meanwhile;
  const after = database();
  if (after && isSuccess(answer)) new IdempotentRequests(after).remember(asked, answer);
  return { isMismatch: false, answer, isReplay: false };
}

function known<T>(db: Database | undefined, asked: KeyedRequest): Once<T> | undefined {
  const found = db && new IdempotentRequests(db).look(asked);
  if (!found || found.kind === "new") return undefined;
  // The digest says that it is the answer to this very question.
  return found.kind === "mismatch"
    ? { isMismatch: true }
    : { isMismatch: false, answer: found.answer as T, isReplay: true };
}

/** Failures are not remembered. */
function isSuccess(answer: unknown): boolean {
  return typeof answer !== "object" || answer === null || !("ok" in answer) || answer.ok === true;
}
