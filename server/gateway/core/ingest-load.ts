/**
 * How fast chunks come in, over all rooms of an isolate: they share its thread, so what one room does in the background is time that
 * another one's acks wait. While chunks rush in, the archive and speaker resolve stand back (K7): see `hold.ts`.
 */

/** It is a rush when so many chunks came in so many ms: a client catches up. Two hundred live tracks are none. */
const usualRush = { chunks: 128, withinMs: 500 };
/** How often background work looks whether a rush is over. */
export const lookMs = 100;

export class IngestLoad {
  /** A clock in ms that only goes on. */
  readonly now: () => number;
  /** When the last chunks came, the oldest of them at `#next`. */
  readonly #times: Float64Array;
  readonly #rush: typeof usualRush;
  #next = 0;

  constructor(now: () => number, rush = usualRush) {
    this.now = now;
    this.#rush = rush;
    this.#times = new Float64Array(rush.chunks).fill(Number.NEGATIVE_INFINITY);
  }

  /** A chunk was kept. */
  came(): void {
    this.#times[this.#next] = this.now();
    this.#next = (this.#next + 1) % this.#rush.chunks;
  }

  get isRush(): boolean {
    return this.now() - (this.#times[this.#next] ?? 0) < this.#rush.withinMs;
  }
}

export const ingestLoad = new IngestLoad(() => performance.now());
