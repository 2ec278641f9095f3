/**
 * Notices that a live source gave nothing for a while. Knows the time only from its caller.
 *
 * It compares a block's end with the end of the block before it, not with the start of the capture: a device's
 * clock drifts by seconds over a day, and drift is no gap.
 */
import { chunkMs } from "../../schemas/wire/audio.ts";
import { limits } from "../../schemas/limits.ts";

/** A room takes no second that is further ahead. Beyond it the clock was set, and no source stood still. */
const maxStallMs = limits.maxSeqAhead * chunkMs;

export class LiveClock {
  readonly #stallMs: number;
  #endedAt: number | undefined;

  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /**
   * @param blockMs how long the block is. @param endedAt when its last sample was captured.
   * @returns ms for which there are no samples before this block; 0 below the limit, and for more than a day.
   */
  handleBlock(blockMs: number, endedAt: number): number {
    const lateMs = this.#endedAt === undefined ? 0 : endedAt - blockMs - this.#endedAt;
    this.#endedAt = endedAt;
    return lateMs < this.#stallMs || lateMs > maxStallMs ? 0 : lateMs;
  }
}
