/** Full-jitter exponential backoff: rooms that restart together must not be met by all clients at once. */
import { type Backoff, backoffMs as sharedBackoffMs } from "../../schemas/lib/backoff.ts";

const backoff: Backoff = { firstMs: 500, maxMs: 15_000, least: { ms: 250 } };

/** @param attempt failed attempts so far, 0 for the first try. @param random 0…1. @returns ms to wait. */
export function backoffMs(attempt: number, random: number): number {
  return attempt === 0 ? 0 : sharedBackoffMs(backoff, attempt, random);
}
