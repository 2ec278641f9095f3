/** How long to wait before trying again, so that many who failed together don't come back together. Pure. */
export interface Backoff {
  /** The longest wait after the first failure; it doubles with each further one. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** The shortest wait: half of the longest, or a fixed one where a crowd is to be spread wide. */
  readonly least: "half" | { readonly ms: number };
}

/** @param failures in a row, at least 1. @param random from 0 to 1: 0 waits the least. @returns ms. */
export function backoffMs({ firstMs, maxMs, least }: Backoff, failures: number, random: number): number {
  const longest = Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
  const shortest = least === "half" ? longest / 2 : Math.min(least.ms, longest);
  return Math.round(shortest + random * (longest - shortest));
}
