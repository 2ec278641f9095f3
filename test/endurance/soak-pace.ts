/**
 * Keeps the tracks of one meeting side by side, as they are in a real one: left alone, a local workerd serves one
 * saturated socket and lets the others wait, and HTTP with them. Pure, but for the waiting and the clock.
 */
import type { Pace } from "../../client/testkit/pace.ts";

export class SidePace implements Pace {
  /** Seconds acked, by track. */
  readonly #acked: Map<string, number>;
  readonly #lead: number;
  readonly #msPerSecond: number;
  readonly #startedAt = performance.now();
  /** All tracks stop here, until it is raised. */
  #stop = 0;
  #waiting: (() => void)[] = [];

  /**
   * @param lead how far a track may be sent beyond what the slowest one got acked.
   * @param msPerSecond how long a second of the meeting takes at least; 0 for no longer than it is admitted.
   */
  constructor(tracks: readonly string[], lead: number, msPerSecond: number) {
    this.#acked = new Map(tracks.map((track) => [track, 0]));
    this.#lead = lead;
    this.#msPerSecond = msPerSecond;
  }

  dueAt(seq: number): number {
    const isNear = seq <= Math.min(this.#stop, this.#slowest + this.#lead);
    return isNear ? this.#startedAt + seq * this.#msPerSecond : Number.POSITIVE_INFINITY;
  }

  /** Resolves at the next change of anything. */
  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  acked(track: string): void {
    const slowest = this.#slowest;
    this.#acked.set(track, (this.#acked.get(track) ?? 0) + 1);
    if (this.#slowest > slowest) this.#wake();
  }

  /** Lets the tracks go on, and resolves when all of them got everything acked up to `stop`. */
  async reach(stop: number): Promise<void> {
    this.#stop = stop;
    this.#wake();
    while (this.#slowest < stop) await this.changed();
  }

  get #slowest(): number {
    return Math.min(...this.#acked.values());
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
