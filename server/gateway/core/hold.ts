/**
 * When background work stands back for ingest: it is time of the thread that acks wait for, and nothing is lost by its being later. So
 * while chunks rush in it is left, until the rush is over, or has lasted, or too much waits. What lasts is a load like any other: then the
 * work goes on beside it, and never starves.
 */
import { wait } from "../../shared/lib/wait.ts";
import { type IngestLoad, lookMs } from "./ingest-load.ts";

export interface HoldDeps {
  readonly load: Pick<IngestLoad, "isRush" | "now">;
  /** The longest that a rush holds work back, ms. */
  readonly maxMs: number;
  /** Whether more waits than may. */
  readonly isTooMuch: () => boolean;
}

export class Hold {
  readonly #deps: HoldDeps;
  /** When it began, by the load's clock. */
  #since: number | undefined;

  constructor(deps: HoldDeps) {
    this.#deps = deps;
  }

  /** Whether to wait. Once it had its time it is over, until the rush is, or it is `released`. */
  get isOn(): boolean {
    const { load, maxMs, isTooMuch } = this.#deps;
    if (!load.isRush) {
      this.#since = undefined;
      return false;
    }
    this.#since ??= load.now();
    return load.now() - this.#since < maxMs && !isTooMuch();
  }

  /** Resolves when it is over. @param isUrgent whether the work can't wait any more. */
  async over(isUrgent: () => boolean): Promise<void> {
    while (this.isOn && !isUrgent()) await wait(lookMs);
  }

  /** What waited is done with: the same rush may hold again. */
  released(): void {
    this.#since = undefined;
  }
}
