/**
 * One call to the service that looks at a whole track again. The audio goes out as fast as it is taken, so that no meeting is ever held;
 * every way it can go wrong is a value, and the answer is typed only after it was checked as a whole.
 */
import { deadlineIn } from "../../../../schemas/lib/timeout.ts";
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import type { ReviewSegment } from "../../../../schemas/speech/review.ts";
import { newSpanId, newTraceId, traceparentOf } from "../../../shared/http/trace.ts";
import { readTextUpTo } from "../../../shared/lib/read-body.ts";
import { currentSubject } from "../../../shared/telemetry/context.ts";
import { log } from "../../../shared/telemetry/log.ts";
import type { InferenceConfig } from "../inference-client.ts";
import { isAboutRequest, whyRefused } from "../service-refusal.ts";
import { readReview } from "./read-review.ts";

export interface ReviewAsk {
  readonly sessionId: string;
  /** s16le, 16 kHz, mono. What reading it throws fails the call. */
  readonly audio: ReadableStream<Uint8Array>;
  /** Of the audio, rounded up. */
  readonly durationMs: number;
  /** Ends the call where nobody waits for it any more. */
  readonly signal: AbortSignal;
}

export interface ReviewFailure {
  /** `refused`: the service is there and won't ever take this; `busy`: it takes it later. */
  readonly reason: "failed" | "timeout" | "refused" | "busy";
  /** A sentence without the service's address or key. */
  readonly detail: string;
  /** Of `busy`: when the service says that it may be asked again. */
  readonly retryAfterMs?: number;
}

/** Asks the service to look at all of a track again. */
export type Review = (ask: ReviewAsk) => Promise<Result<ReviewSegment[], ReviewFailure>>;

/** A service is slow where it needs half of the time that the meeting took. */
const msPerAudioMs = 0.5;
/** Statuses of a service that has no such path. */
const absent = new Set([404, 405, 501]);
const maxRetryAfterMs = 600_000;

export function createReviewClient(config: InferenceConfig, fetcher: typeof fetch): Review {
  return async (ask) => {
    const [begunAt, spanId] = [Date.now(), newSpanId()];
    // What the room does by itself, after it woke, is in a trace of its own.
    const { trace_id = newTraceId() } = currentSubject();
    const answer = await call(config, fetcher, ask, traceparentOf(trace_id, spanId));
    log[answer.ok ? "info" : "warn"]("review", {
      trace_id,
      session_id: ask.sessionId,
      status: answer.ok ? "ok" : answer.error.reason,
      detail: answer.ok ? undefined : answer.error.detail,
      duration_ms: Date.now() - begunAt,
      audio_ms: ask.durationMs,
      span_id: spanId,
    });
    return answer;
  };
}

async function call(
  config: InferenceConfig,
  fetcher: typeof fetch,
  { sessionId, audio, durationMs, signal }: ReviewAsk,
  traceparent: string,
): Promise<Result<ReviewSegment[], ReviewFailure>> {
  const ms = config.timeoutMs + durationMs * msPerAudioMs;
  const deadline = deadlineIn(ms);
  try {
    const response = await fetcher(config.url, {
      method: "POST",
      headers: {
        "content-type": "application/octet-stream",
        accept: "application/json",
        // For the service's own log.
        "x-session-id": sessionId,
        traceparent,
        ...(config.apiKey === undefined ? {} : { "x-api-key": config.apiKey }),
      },
      body: audio,
      signal: AbortSignal.any([deadline.signal, signal]),
      // Following a redirect would hand the key and the audio to whoever it names.
      redirect: "manual",
    });
    if (!response.ok) return err(await failureOf(config, response));
    const body = await readTextUpTo(response.body, limits.maxInferenceAnswerBytes);
    if (!body.ok) return failed(`the service's answer is ${body.error === "too_large" ? "too large" : "not UTF-8"}`);
    const read = readReview(body.value, durationMs);
    return read.ok ? ok(read.value) : failed(read.error);
  } catch {
    // Whatever fetch throws may carry the service's address: it is left out.
    return deadline.signal.aborted
      ? err({ reason: "timeout", detail: `the service did not answer within ${Math.round(ms)} ms` })
      : failed("the service could not be reached");
  } finally {
    deadline.clear();
  }
}

async function failureOf(config: InferenceConfig, response: Response): Promise<ReviewFailure> {
  const { status, headers } = response;
  if (isAboutRequest(status)) return { reason: "refused", detail: await whyRefused(config, response) };
  await response.body?.cancel();
  if (absent.has(status)) return { reason: "refused", detail: "the service looks at no track again" };
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  const isBusy = (status === 503 || status === 429) && seconds > 0;
  const detail = `the service answered ${status}`;
  return isBusy
    ? { reason: "busy", detail, retryAfterMs: Math.min(seconds * 1_000, maxRetryAfterMs) }
    : { reason: "failed", detail };
}

function failed(detail: string): Result<never, ReviewFailure> {
  return err({ reason: "failed", detail });
}
