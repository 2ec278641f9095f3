/**
 * How a question of the Worker is laid out on its way to the room: `call(method, ...args, { trace_id })`. Worker and room may
 * run different versions for a day after a deploy (docs/operations.md), so this is only ever added to: an older room passes
 * over what comes after the arguments it knows, and a question without it is answered all the same.
 */
import * as z from "zod";
import { type KeyedRequest, keyedRequestSchema } from "../core/idempotent-requests.ts";
import { SessionApi, type SessionAnswers, type SessionMethod } from "./session-api.ts";

/** What a question brings along besides its arguments. No argument of a method has a `trace_id`. */
const contextSchema = z.object({
  /** W3C trace id of the request that asks, for the room's log. */
  trace_id: z.string(),
  /** The key that the question came under (SPEC S3). */
  idempotency: keyedRequestSchema.optional(),
});
export type AskContext = z.infer<typeof contextSchema>;

/** The arguments of a call, as the room got them. */
export interface Asked {
  readonly args: unknown[];
  /** Undefined where an earlier version asks. */
  readonly trace_id: string | undefined;
  readonly idempotency: KeyedRequest | undefined;
}

export function parseCall(args: unknown[]): Asked {
  const context = contextSchema.safeParse(args.at(-1));
  if (!context.success) return { args, trace_id: undefined, idempotency: undefined };
  const { trace_id, idempotency } = context.data;
  return { args: args.slice(0, -1), trace_id, idempotency };
}

/** Whether this version has a method. A newer Worker may ask for one that it has not. */
export function isSessionMethod(name: unknown): name is SessionMethod {
  return typeof name === "string" && name !== "constructor" && Object.hasOwn(SessionApi.prototype, name);
}

/** What the room answers: nothing of a deleted session but that it is. */
export type SessionReply<K extends SessionMethod> =
  | { readonly isGone: false; readonly answer: SessionAnswers[K] }
  /** The answer that was given before. */
  | { readonly isGone: false; readonly answer: SessionAnswers[K]; readonly isReplay: true }
  /** The key that the question came under is another one's. */
  | { readonly isGone: false; readonly isMismatch: true }
  | { readonly isGone: true }
  | { readonly isGone: false; readonly isUnknown: true };
