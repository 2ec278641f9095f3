/**
 * How fast chunks come in, over all rooms of an isolate: they share its thread, so what one room does in the background is time that
 * another one's acks wait. While chunks rush in, the archive and speaker resolve stand back (K7): see `hold.ts`.
 */
/** It is a rush when so many chunks came in so many ms: a client catches up, or many tracks are live. */
const rush = { chunks: 16, withinMs: 500 } as const;
/** How often background work looks whether a rush is over. */
export const lookMs = 100;

export class IngestLoad {
  /** A clock in ms that only goes on. */
  readonly now: () => number;
  /** When the last chunks came, the oldest of them at `#next`. */
  readonly #times = new Float64Array(rush.chunks).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  /** A chunk was kept. */
  came(): void {
    this.#times[this.#next] = this.now();
    this.#next = (this.#next + 1) % rush.chunks;
  }

  get isRush(): boolean {
    return this.now() - (this.#times[this.#next] ?? 0) < rush.withinMs;
  }
}

export const ingestLoad = new IngestLoad(() => performance.now());
