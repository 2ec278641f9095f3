/**
 * How many small frames of one client go on at once. workerd has one thread for all rooms, and does all that it has read of a socket before
 * it reads of another one: a thousand small frames in one piece would keep every other connection waiting. Pure; knows no clock.
 */
import { frontLimits } from "./front-limits.ts";

export class FramePace {
  #begun = Number.NEGATIVE_INFINITY;
  #taken = 0;

  /** How many more may go on now. */
  left(now: number): number {
    if (now - this.#begun >= frontLimits.framesAtOnceMs) {
      this.#begun = now;
      this.#taken = 0;
    }
    return Math.max(0, frontLimits.maxFramesAtOnce - this.#taken);
  }

  take(frames: number): void {
    this.#taken += frames;
  }

  /** When none is left: how long until there are some. */
  waitMs(now: number): number {
    return Math.max(1, this.#begun + frontLimits.framesAtOnceMs - now);
  }
}
