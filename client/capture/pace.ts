/**
 * How fast a backlog goes out once the room has refused some of it for its rate (SPEC L2): a window of seconds, then a cooldown
 * in which the room makes space for the next. Without it each second beyond the rate would be sent, refused and sent again.
 * Knows no clock.
 */
export class Pace {
  #window = 0;
  /** Seconds of audio that the room takes in one second; null: any number. */
  #factor: number | null = null;
  /** Seconds that may go out before the next cooldown; undefined while nothing holds the backlog back. */
  #left: number | undefined;

  /** What the room of a new connection says. */
  announce(window: number, factor: number | null): void {
    this.#window = window;
    this.#factor = factor;
    this.#left = undefined;
  }

  /** The room refused a second for its rate, and is given the cooldown that it asked for. */
  handleRefused(): void {
    if (this.#factor !== null) this.#left = 0;
  }

  /** A cooldown is over: the room takes a window again. */
  handleCooledDown(): void {
    if (this.#left !== undefined) this.#left = this.#window;
  }

  /** There is no backlog any more. */
  handleCaughtUp(): void {
    this.#left = undefined;
  }

  /** Whether one more second may go out now, which is counted; else the cooldown that comes first, ms. */
  take(): { readonly ok: true } | { readonly ok: false; readonly cooldownMs: number } {
    if (this.#left === undefined || this.#factor === null) return { ok: true };
    if (this.#left === 0) return { ok: false, cooldownMs: Math.ceil((this.#window / this.#factor) * 1_000) };
    this.#left -= 1;
    return { ok: true };
  }
}
