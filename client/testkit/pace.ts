/** How fast a stream goes, besides the room's window. Times are those of `performance.now()`. */

export interface Pace {
  /** From when a second may be sent; Infinity while it may not, and nobody knows how long. */
  dueAt(seq: number): number;
  /** Resolves when `dueAt` may have changed. Asked only where it said Infinity. */
  changed?(): Promise<void>;
}

const secondMs = 1_000;

/** As a microphone would bring it, so many times faster: a second can be sent once it was spoken. Infinity: all at once. */
export function realtime(factor: number): Pace {
  const startedAt = performance.now();
  return { dueAt: (seq) => startedAt + (seq * secondMs) / factor };
}
