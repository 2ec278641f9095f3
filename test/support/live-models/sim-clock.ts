/** A clock of its own: an hour of a conversation is over in a second, and the same each time. Counts what is still to happen. */
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Clock } from "../../../server/app/participant/clock.ts";

interface Timer {
  readonly at: number;
  readonly n: number;
  readonly what: () => void;
}

const startedAt = Date.UTC(2026, 10, 29);

export class SimClock implements Clock {
  #now = startedAt;
  #count = 0;
  #timers: Timer[] = [];

  readonly now = (): number => this.#now;

  readonly after = (ms: number, what: () => void): (() => void) => {
    this.#count += 1;
    const timer = { at: this.#now + Math.max(0, ms), n: this.#count, what };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer);
    };
  };

  /** How much is still to happen. */
  get pending(): number {
    return this.#timers.length;
  }

  /** Lets everything happen that is due in that time, in order, with what follows from each. */
  async pass(ms: number, isOver: () => boolean = () => false): Promise<void> {
    const until = this.#now + ms;
    await nextTurn();
    while (!isOver()) {
      const next = this.#timers.reduce<Timer | undefined>(
        (first, timer) =>
          first && (first.at < timer.at || (first.at === timer.at && first.n < timer.n)) ? first : timer,
        undefined,
      );
      if (!next || next.at > until) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      const isLater = next.at > this.#now;
      this.#now = Math.max(this.#now, next.at);
      if (isLater) await settled();
      next.what();
      await settled();
    }
    if (!isOver()) this.#now = until;
  }
}

/** What waits for promises alone has happened. */
async function settled(): Promise<void> {
  for (let n = 0; n < 12; n += 1) await Promise.resolve();
}
