/** Full-jitter exponential backoff: rooms that restart together must not be met by all clients at once. */
const minDelayMs = 250;
const maxDelayMs = 15_000;

/** @param attempt failed attempts so far, 0 for the first try. @param random 0…1. @returns ms to wait. */
export function backoffMs(attempt: number, random: number): number {
  if (attempt === 0) return 0;
  const ceiling = Math.min(maxDelayMs, minDelayMs * 2 ** Math.min(attempt, 16));
  return Math.round(minDelayMs + random * (ceiling - minDelayMs));
}
