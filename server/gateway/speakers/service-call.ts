/**
 * One call to the speaker-resolve service. Every way it can go wrong is a value: the service is outside, and nothing it does may throw into
 * the room.
 */
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { deadlineIn } from "../../../schemas/lib/timeout.ts";
import type { InferenceConfig } from "../../shared/config/resolve.ts";
import { newSpanId, newTraceId, traceparentOf } from "../../shared/http/trace.ts";
import { readTextUpTo } from "../../shared/lib/read-body.ts";
import { currentSubject } from "../../shared/telemetry/context.ts";
import { log } from "../../shared/telemetry/log.ts";

export interface ServiceFailure {
  readonly reason: "failed" | "timeout";
  /** A sentence without the service's address or key. */
  readonly detail: string;
  /** Whether nobody took the request at all: refused, reset, or an unknown name. */
  readonly isUnreachable?: boolean;
}

export interface ServiceRequest<Refusal> {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | ReadableStream<Uint8Array>;
  readonly timeoutMs: number;
  /** Ends the call where nobody waits for it any more. */
  readonly signal?: AbortSignal;
  /** What an answer that is no success says. It has to read or cancel the answer's body. */
  readonly refusalOf: (response: Response) => Promise<Refusal>;
}

/** @returns the answer's text, read within the time; never rejects. */
export async function callService<Refusal>(
  { url, apiKey }: InferenceConfig,
  fetcher: typeof fetch,
  { headers, body, timeoutMs, signal, refusalOf }: ServiceRequest<Refusal>,
): Promise<Result<string, Refusal | ServiceFailure>> {
  const deadline = deadlineIn(timeoutMs);
  try {
    const response = await fetcher(url, {
      method: "POST",
      headers: { ...headers, accept: "application/json", ...(apiKey === undefined ? {} : { "x-api-key": apiKey }) },
      body,
      signal: signal ? AbortSignal.any([deadline.signal, signal]) : deadline.signal,
      // Following a redirect would hand the key and the audio to whoever it names.
      redirect: "manual",
    });
    if (!response.ok) return err(await refusalOf(response));
    const text = await readTextUpTo(response.body, limits.maxInferenceAnswerBytes);
    return text.ok
      ? ok(text.value)
      : failed(`the service's answer is ${text.error === "too_large" ? "too large" : "not UTF-8"}`);
  } catch {
    // Whatever fetch throws (refused, reset, name unknown) may carry the service's address: it is left out.
    return deadline.signal.aborted
      ? err({ reason: "timeout", detail: `the service did not answer within ${Math.round(timeoutMs)} ms` })
      : err({ reason: "failed", detail: "the service could not be reached", isUnreachable: true });
  } finally {
    deadline.clear();
  }
}

/** Makes a call a span of the trace that the room works in, with a line in the log. @param name of the span. */
export async function traced<T, Failure extends { readonly reason: string; readonly detail: string }>(
  name: string,
  fields: Readonly<Record<string, string | number>>,
  call: (traceparent: string) => Promise<Result<T, Failure>>,
): Promise<Result<T, Failure>> {
  const [begunAt, spanId] = [Date.now(), newSpanId()];
  // What the room does by itself, after it woke, is in a trace of its own.
  const { trace_id = newTraceId() } = currentSubject();
  const answer = await call(traceparentOf(trace_id, spanId));
  log[answer.ok ? "info" : "warn"](name, {
    trace_id,
    ...fields,
    status: answer.ok ? "ok" : answer.error.reason,
    detail: answer.ok ? undefined : answer.error.detail,
    duration_ms: Date.now() - begunAt,
    span_id: spanId,
  });
  return answer;
}

export function failed(detail: string): Result<never, ServiceFailure> {
  return err({ reason: "failed", detail });
}
