/**
 * One call to the service that looks at a whole track again. The audio goes out as fast as it is taken, so that no meeting is ever held,
 * and the answer is typed only after it was checked as a whole.
 */
import type { Result } from "../../../../schemas/lib/result.ts";
import type { ReviewSegment } from "../../../../schemas/speech/review.ts";
import type { InferenceConfig } from "../../../shared/config/resolve.ts";
import { retryAfterMs } from "../../../shared/http/retry-after.ts";
import { callService, failed, traced } from "../service-call.ts";
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
  return ({ sessionId, audio, durationMs, signal }) =>
    traced("review", { session_id: sessionId, audio_ms: durationMs }, async (traceparent) => {
      const answer = await callService(config, fetcher, {
        headers: {
          "content-type": "application/octet-stream",
          // By which the service may name the meeting in its own log.
          "x-session-id": sessionId,
          traceparent,
        },
        body: audio,
        timeoutMs: config.timeoutMs + durationMs * msPerAudioMs,
        signal,
        refusalOf: (response) => failureOf(config, response),
      });
      if (!answer.ok) return answer;
      const read = readReview(answer.value, durationMs);
      return read.ok ? read : failed(read.error);
    });
}

async function failureOf(config: InferenceConfig, response: Response): Promise<ReviewFailure> {
  const { status, headers } = response;
  if (isAboutRequest(status)) return { reason: "refused", detail: await whyRefused(config, response) };
  await response.body?.cancel();
  if (absent.has(status)) return { reason: "refused", detail: "the service looks at no track again" };
  const waitMs = retryAfterMs(headers, Date.now()) ?? 0;
  const isBusy = (status === 503 || status === 429) && waitMs > 0;
  const detail = `the service answered ${status}`;
  return isBusy
    ? { reason: "busy", detail, retryAfterMs: Math.min(waitMs, maxRetryAfterMs) }
    : { reason: "failed", detail };
}
