/**
 * Finds the time for which a live source had no samples. Knows no clock but the one its caller reads, which must run on
 * steadily: a wall clock that is set is no pause of the source.
 *
 * When samples arrive is not when they were captured: a pipe, a network and a busy page hand over seconds at once. So audio is
 * weighed against time: what comes early is credit for what comes late, and time counts as a gap only once it is clear that no
 * samples make up for it. Until then the blocks behind it are held. A device's clock drifts by seconds over a day, so both
 * credit and debt fade slowly.
 */
import { chunkMs } from "../../schemas/wire/audio.ts";
import { wireLimits } from "../../schemas/wire/wire-limits.ts";

/** Time without samples, or a block of them, in the order of the timeline. */
export type LiveStep<Block> = { readonly gapMs: number } | { readonly block: Block };

/** A room takes no second that is further ahead; the one under way is one of them. */
const maxGapMs = (wireLimits.maxSeqAhead - 1) * chunkMs;
/** Audio that is held while it may still turn out that nothing is missing: a stream of segments hands over about so much. */
const maxHeldMs = 10_000;
const maxCreditMs = 60_000;
/** Fades by so much for each ms of audio: more than the worst clocks drift, which is 0.3 ms a second. */
const fadePerMs = 1 / 1_000;
/** A block that took at least this share of its length to arrive is no longer one of a burst. */
const paceOfLiveSource = 0.75;

export class LiveClock<Block> {
  readonly #stallMs: number;
  #lastAt: number | undefined;
  /** Audio that came before its time. */
  #creditMs = 0;
  /** What the credit was when time began to be missing. */
  #usualCreditMs = 0;
  /** Time that passed without audio, and was not made up for yet. */
  #debtMs = 0;
  #held: Block[] = [];
  #heldMs = 0;
  /** The longest wait for a block that turned out to hide no gap: what is usual for this source. */
  #usualWaitMs = 0;
  /** The longest wait for one of the blocks that are held. */
  #heldWaitMs = 0;

  /** @param stallMs the shortest time without samples that counts. */
  constructor(stallMs: number) {
    this.#stallMs = stallMs;
  }

  /** @param blockMs how long the block is. @param arrivedAt of a clock that runs on steadily, ms. */
  handleBlock(block: Block, blockMs: number, arrivedAt: number): LiveStep<Block>[] {
    const tookMs = arrivedAt - (this.#lastAt ?? arrivedAt - blockMs);
    this.#lastAt = arrivedAt;
    // A burst is over: what it did not make up for is missing.
    const isOnPace = tookMs >= blockMs * paceOfLiveSource;
    const steps = this.#held.length > 0 && (isOnPace || this.#heldMs >= maxHeldMs) ? this.flush() : [];
    this.#weigh(tookMs - blockMs, blockMs);
    this.#heldWaitMs = Math.max(this.#heldWaitMs, tookMs);
    this.#held.push(block);
    this.#heldMs += blockMs;
    return this.#debtMs < this.#stallMs ? [...steps, ...this.#release()] : steps;
  }

  /**
   * Time without samples since the last block, where it counts: asked when the source ends. One that hands over two seconds at once
   * is silent for two seconds before each.
   */
  tailMs(now: number): number {
    const waitedMs = this.#lastAt === undefined ? 0 : now - this.#lastAt;
    if (waitedMs < this.#stallMs + this.#usualWaitMs) return 0;
    return Math.min(Math.max(0, waitedMs - this.#creditMs), maxGapMs);
  }

  /** Decides about what is held: nothing more comes, or not now. */
  flush(): LiveStep<Block>[] {
    const gapMs = this.#debtMs < this.#stallMs ? 0 : Math.min(this.#debtMs, maxGapMs);
    if (gapMs > 0) {
      this.#debtMs = 0;
      this.#heldWaitMs = 0;
    }
    return gapMs > 0 ? [{ gapMs }, ...this.#release()] : this.#release();
  }

  #weigh(lateMs: number, blockMs: number): void {
    if (lateMs > 0) {
      const coveredMs = Math.min(this.#creditMs, lateMs);
      if (this.#debtMs === 0) this.#usualCreditMs = this.#creditMs;
      this.#creditMs -= coveredMs;
      this.#debtMs += lateMs - coveredMs;
    } else {
      // The rest of a burst is as early as it always is; only what comes beyond that makes up for lost time.
      const usualMs = this.#debtMs > 0 ? Math.min(-lateMs, Math.max(0, this.#usualCreditMs - this.#creditMs)) : 0;
      const paidMs = Math.min(this.#debtMs, -lateMs - usualMs);
      this.#debtMs -= paidMs;
      this.#creditMs = Math.min(maxCreditMs, this.#creditMs - lateMs - paidMs);
    }
    const faded = blockMs * fadePerMs;
    this.#creditMs = Math.max(0, this.#creditMs - faded);
    if (this.#held.length === 0 && this.#debtMs < this.#stallMs) this.#debtMs = Math.max(0, this.#debtMs - faded);
  }

  #release(): LiveStep<Block>[] {
    const steps = this.#held.map((block) => ({ block }));
    this.#usualWaitMs = Math.max(this.#usualWaitMs, this.#heldWaitMs);
    this.#heldWaitMs = 0;
    this.#held = [];
    this.#heldMs = 0;
    return steps;
  }
}
