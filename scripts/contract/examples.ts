/**
 * The examples of both documents, as `npm run record` kept them of a real meeting: `schemas/published/examples/`. What a meeting
 * can't bring about (a gateway that is not set up, storage that fails) is said in the words of the contract's own tables.
 */
import { readFileSync } from "node:fs";
import { type HttpErrorCode, httpErrors, wireErrors } from "../../schemas/wire/errors.ts";
import type { OperationId } from "../../schemas/http/operations.ts";
import type { Problem } from "../../schemas/http/problem.ts";

export interface Example {
  readonly summary: string;
  readonly value: unknown;
}
export type Examples = Record<string, Example>;

/** `texts`: answers that are no JSON. Both by status. */
export interface OperationExamples {
  body?: Examples;
  answers: Record<string, Examples>;
  texts?: Record<string, Examples>;
}

export interface Recorded {
  readonly operations: Partial<Record<OperationId, OperationExamples>>;
  /** By the name that asyncapi.json gives them. */
  readonly messages: Record<string, Example[]>;
  readonly webhooks: Record<string, Examples>;
  /** By their codes. */
  readonly problems: Record<string, Problem>;
  readonly errors: Record<string, unknown>;
}

export const examplesFolder = new URL("../../schemas/published/examples/", import.meta.url);
/** Trace of every recorded answer. */
export const exampleTraceId = "4bf92f3577b34da6a3ce929d0e0e4736";
export const exampleFiles = ["operations", "messages", "webhooks", "problems", "errors"] as const;

function read<K extends keyof Recorded>(name: K): Recorded[K] {
  return JSON.parse(readFileSync(new URL(`${name}.json`, examplesFolder), "utf8")) as Recorded[K];
}

const operations = read("operations");
const messages = read("messages");
const webhooks = read("webhooks");
const problems = read("problems");
const errors = read("errors");

/** Of the recorded meeting, for the parameters of paths. `turn` is the `event_id` of a turn whose speaker is only suggested. */
export const exampleIds = {
  session: "board-7",
  delivery: "msg_00000000-0000-4000-8000-000000000001",
  turn: 7,
} as const;

export const examplesOf = (id: OperationId): OperationExamples => operations[id] ?? { answers: {} };
export const webhookExamples = (type: string): Examples => webhooks[type] ?? {};
export const messageExamples = (name: string): readonly Example[] =>
  name === "error" ? errorExamples : (messages[name] ?? []);

export function exampleProblem(code: HttpErrorCode): Problem {
  const { status, title } = httpErrors[code];
  const type = `urn:roomtone:problem:${code}`;
  return problems[code] ?? { type, title, status, detail: `${title}.`, code, trace_id: exampleTraceId };
}

const errorExamples: readonly Example[] = Object.entries(wireErrors).map(([code, { meaning, retryable }]) => ({
  summary: code,
  value: errors[code] ?? { type: "error", code, detail: meaning, retryable },
}));
