/**
 * When chunks of live tracks are due, and how latency is counted: from the moment a chunk was meant to be sent, so that a server which
 * stands still is not asked less often and does not look better for it ("coordinated omission"). Pure.
 */

export interface Due {
  /** Index of the track. */
  readonly track: number;
  /** Index of the chunk within its track. */
  readonly chunk: number;
  /** From the start, ms. */
  readonly atMs: number;
}

/** All sends in the order of time. Tracks begin evenly over one interval, as people who join at any moment do. */
export function schedule(tracks: number, chunks: number, everyMs: number): Due[] {
  return Array.from({ length: chunks }, (_, chunk) =>
    Array.from({ length: tracks }, (_track, track) => ({
      track,
      chunk,
      atMs: chunk * everyMs + (track * everyMs) / tracks,
    })),
  ).flat();
}

/**
 * Latencies of one track, ms. What has no ack is counted as waiting until `endMs`, which is the least it can be.
 * @param dueMs when each chunk was meant to be sent. @param ackedMs when each was acked, in the same order.
 */
export function latencies(
  dueMs: readonly number[],
  ackedMs: readonly (number | undefined)[],
  { endMs, warmUpMs }: { readonly endMs: number; readonly warmUpMs: number },
): number[] {
  return dueMs.flatMap((due, index) => (due < warmUpMs ? [] : [Math.max(0, (ackedMs[index] ?? endMs) - due)]));
}
