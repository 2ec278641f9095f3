/**
 * An answer that has begun, so that what fails at once is a problem with its status, and no stream. Who leaves ends it within a second, also
 * while it waits for a model's next word.
 */
import type { Context } from "hono";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { ModelError, type ModelFault } from "../../ai/ports.ts";
import type { Answer, AnswerEvent } from "../../chat/index.ts";
import type { AppEnv } from "../app-env.ts";
import { isRetryable, refusalOf } from "../speech/refusals.ts";
import type { SseEvent } from "../speech/sse-response.ts";

export async function begun(answer: Answer): Promise<Result<Answer, ModelFault>> {
  try {
    const first = await answer.next();
    return ok(going(first, answer));
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

export function wantsEvents(c: Context<AppEnv>): boolean {
  return /\btext\/event-stream\b/i.test(c.req.header("accept") ?? "");
}

/** What is told of an answer that broke off. */
export function brokenOff(cause: unknown): {
  readonly code: string;
  readonly message: string;
  readonly retryable: boolean;
} {
  const refusal = refusalOf(cause instanceof ModelError ? cause.fault : { reason: "failed" });
  return { code: refusal.code, message: refusal.detail, retryable: isRetryable(refusal) };
}

export function sseOf(event: AnswerEvent): SseEvent {
  switch (event.type) {
    case "begin":
      return { event: "begin", data: { model: event.model, instead_of: event.instead_of } };
    case "delta":
      return { event: "delta", data: { text: event.text } };
    case "citation":
      return { event: "citation", data: event.citation };
    case "done":
      return { event: "done", data: event.end };
  }
}
