/**
 * How many small frames of one client go on at once. workerd has one thread for all rooms, and does all that it has read of a socket before
 * it reads of another one: a thousand small frames in one piece would keep every other connection waiting. So few go on in a
 * short time, and where the runtime is slow, the next ones wait until it has answered as many. Pure; knows no clock.
 */
import { frontLimits } from "./front-limits.ts";

const { framesAtOnceMs, maxFramesAtOnce, unansweredFramesMs } = frontLimits;

export class FramePace {
  #begun = Number.NEGATIVE_INFINITY;
  #taken = 0;
  /** Frames that went on and were not answered yet; some never are, such as `seen`. */
  #unanswered = 0;
  /** When the runtime last answered, or was last idle. */
  #heardAt = Number.NEGATIVE_INFINITY;

  /** How many more may go on now. */
  left(now: number): number {
    if (now - this.#begun >= framesAtOnceMs) {
      this.#begun = now;
      this.#taken = 0;
    }
    if (now - this.#heardAt >= unansweredFramesMs) this.#unanswered = 0;
    return Math.max(0, maxFramesAtOnce - Math.max(this.#taken, this.#unanswered));
  }

  take(frames: number, now: number): void {
    if (frames === 0) return;
    if (this.#unanswered === 0) this.#heardAt = now;
    this.#taken += frames;
    this.#unanswered += frames;
  }

  /** So many messages came from the runtime. */
  answered(messages: number, now: number): void {
    this.#unanswered = Math.max(0, this.#unanswered - messages);
    this.#heardAt = now;
  }

  /** When none is left: how long until there are some, if nothing is answered before. */
  waitMs(now: number): number {
    const inTurn = this.#begun + framesAtOnceMs - now;
    const unheard = this.#unanswered >= maxFramesAtOnce ? this.#heardAt + unansweredFramesMs - now : 0;
    return Math.max(1, inTurn, unheard);
  }
}
