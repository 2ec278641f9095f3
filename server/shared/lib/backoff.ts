/**
 * How long to rest before try `n` (from 0): doubling, at most `maxMs`, with jitter that takes up to half away, so
 * that many who failed together don't come back together.
 */
export function backoffMs(n: number, firstMs: number, maxMs: number, random: () => number): number {
  const full = Math.min(maxMs, firstMs * 2 ** Math.min(n, 30));
  return Math.round(full * (1 - random() / 2));
}
