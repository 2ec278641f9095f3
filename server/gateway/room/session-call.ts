/**
 * How a question of the Worker is laid out on its way to the room: `call(method, ...args, { trace_id })`. Worker and room may
 * run different versions for a day after a deploy (docs/operations.md), so this is only ever added to: an older room passes
 * over what comes after the arguments it knows, and a question without it is answered all the same.
 */
import * as z from "zod";
import { SessionApi, type SessionAnswers, type SessionMethod } from "./session-api.ts";

/** What a question brings along besides its arguments. No argument of a method has a `trace_id`. */
const contextSchema = z.object({
  /** W3C trace id of the request that asks, for the room's log. */
  trace_id: z.string(),
});
export type AskContext = z.infer<typeof contextSchema>;

/** The arguments of a call, as the room got them. */
export interface Asked {
  readonly args: unknown[];
  /** Undefined where an earlier version asks. */
  readonly trace_id: string | undefined;
}

export function parseCall(args: unknown[]): Asked {
  const context = contextSchema.safeParse(args.at(-1));
  return context.success ? { args: args.slice(0, -1), trace_id: context.data.trace_id } : { args, trace_id: undefined };
}

/** Whether this version has a method. A newer Worker may ask for one that it has not. */
export function isSessionMethod(name: unknown): name is SessionMethod {
  return typeof name === "string" && name !== "constructor" && Object.hasOwn(SessionApi.prototype, name);
}

/** What the room answers: nothing of a deleted session but that it is. */
export type SessionReply<K extends SessionMethod> =
  | { readonly isGone: false; readonly answer: SessionAnswers[K] }
  | { readonly isGone: true }
  | { readonly isGone: false; readonly isUnknown: true };
