/** What becomes of a delivery after a try. Pure: the clock and the dice are passed in. */
import type { DeliveryError, DeliveryState } from "../../../schemas/webhooks.ts";

/** How one try ended; `error` is null where the receiver took it. */
export interface TryOutcome {
  readonly status: number | null;
  readonly error: DeliveryError | null;
  /** Before when the receiver wants no other try, ms since 1970. */
  readonly retryAfter?: number;
}

export interface NextStep {
  readonly state: DeliveryState;
  /** ms since 1970; null unless pending. */
  readonly dueAt: number | null;
}

/** Waits after each failure in a row: nine tries, the last more than 24 hours after the first. */
const waitsMs = [5_000, 60_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 28_800_000, 32_400_000] as const;
/** A share added to each wait, so that what failed together does not come back together. */
const maxJitter = 0.1;

/** How long a receiver can put the next try off. */
const maxRetryAfterMs = 86_400_000;

/** The receiver said to stop, or nothing that time mends is wrong. */
const finalErrors: ReadonlySet<DeliveryError> = new Set(["gone", "refused"]);

/** @param failures tries in a row that failed, this one included if it did. */
export function planNext(
  { error, retryAfter = 0 }: TryOutcome,
  failures: number,
  now: number,
  random: () => number,
): NextStep {
  if (error === null) return { state: "delivered", dueAt: null };
  const waitMs = waitsMs[failures - 1];
  if (waitMs === undefined || finalErrors.has(error)) return { state: "dead", dueAt: null };
  const dueAt = now + Math.round(waitMs * (1 + random() * maxJitter));
  return { state: "pending", dueAt: Math.max(dueAt, Math.min(retryAfter, now + maxRetryAfterMs)) };
}
