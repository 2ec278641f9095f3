/** Which failures may pass, and how long to wait before asking again. Knows no request. */
import { backoffMs } from "../capture/backoff.ts";
import { RoomtoneHttpError, RoomtoneNetworkError } from "./results-errors.ts";

/** Longer than that is the caller's decision: the error says when. */
const maxRetryAfterMs = 60_000;
const retryableStatuses: ReadonlySet<number> = new Set([408, 429, 500, 502, 503, 504]);
/** A 503 that only a person can end. */
const lastingCodes: ReadonlySet<string> = new Set(["misconfigured"]);

export interface RetryRules {
  /** How often a call is sent again, at most. */
  readonly retries: number;
  /** Whether it may be where nobody knows what became of it. */
  readonly isRepeatable: boolean;
  /** Whether asking for the token again may give another one. */
  readonly isRenewable: boolean;
}

/** A failure that may pass: the call is sent again in `delayMs`. */
export interface Wait {
  /** A sentence. */
  readonly why: string;
  readonly delayMs: number;
  /** Waits of this call so far, since it last got on. */
  readonly attempt: number;
}

/** The failures of one call, and what follows from each. */
export class Retries {
  readonly #rules: RetryRules;
  #failures = 0;
  #hasRenewed = false;

  constructor(rules: RetryRules) {
    this.#rules = rules;
  }

  /** @returns ms to wait before the call is sent again; undefined: it has failed, with this error. */
  delayMs(error: unknown): number | undefined {
    const { retries, isRepeatable, isRenewable } = this.#rules;
    // No retry: nothing failed but the clock, and the next token is asked for anyway.
    if (isRenewable && !this.#hasRenewed && isExpiry(error)) {
      this.#hasRenewed = true;
      return 0;
    }
    this.#failures += 1;
    if (this.#failures > retries || !(isRepeatable || wasRefused(error))) return undefined;
    return retryDelayMs(error, this.#failures, Math.random());
  }

  /** For whoever is told of a wait. */
  wait(error: unknown, delayMs: number): Wait {
    return { why: error instanceof Error ? error.message : String(error), delayMs, attempt: this.#failures };
  }

  /** It got on: what failed before counts no more. */
  succeed(): void {
    this.#failures = 0;
    this.#hasRenewed = false;
  }
}

function isExpiry(error: unknown): boolean {
  return error instanceof RoomtoneHttpError && error.status === 401 && error.code === "token_expired";
}

/** Whether the gateway did nothing, by its own word: a proxy's 503 may hide that it did. */
function wasRefused(error: unknown): boolean {
  if (!(error instanceof RoomtoneHttpError)) return false;
  return error.status === 429 || (error.status === 503 && error.code !== "unexpected_answer");
}

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
