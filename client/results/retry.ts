/** Which failures may pass, and how long to wait before asking again. Knows no request. */
import { backoffMs } from "../capture/backoff.ts";
import { RoomtoneHttpError, RoomtoneNetworkError } from "./results-errors.ts";

/** Longer than that is the caller's decision: the error says when. */
const maxRetryAfterMs = 60_000;
const retryableStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** A 503 that only a person can end. */
const lastingCodes: ReadonlySet<string> = new Set(["misconfigured"]);

/**
 * @param attempt failed attempts so far, at least 1. @param random 0…1.
 * @returns ms to wait before the next attempt; undefined where it would fail the same way.
 */
export function retryDelayMs(error: unknown, attempt: number, random: number): number | undefined {
  const jitterMs = backoffMs(attempt, random);
  if (error instanceof RoomtoneNetworkError) return jitterMs;
  if (!(error instanceof RoomtoneHttpError)) return undefined;
  if (!retryableStatuses.has(error.status) || lastingCodes.has(error.code)) return undefined;
  if (error.retryAfterMs === undefined) return jitterMs;
  // The jitter on top: those who were told the same second must not all come in it.
  return error.retryAfterMs <= maxRetryAfterMs ? error.retryAfterMs + jitterMs : undefined;
}

/** `Retry-After`, as seconds or as a date (RFC 9110 §10.2.3). @returns ms from `now`. */
export function parseRetryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1_000;
  const at = Date.parse(header);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now);
}

/** @throws the signal's reason as soon as it is aborted. */
export async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted();
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
  signal?.throwIfAborted();
}
