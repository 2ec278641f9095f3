/**
 * Frames that come close together are handled in one turn of the thread, in the order in which they came. A turn's writes are one commit,
 * and a commit is flushed to the disk, whatever it holds: for a client that catches up that is most of a frame's time. One that comes
 * alone is handled at once.
 *
 * What waits here has been answered by nothing: where the room dies, its client sends it again.
 */

/** Two frames that come in less than this, ms, are close together: several come in a turn of a busy thread, a live track's second does not. */
const togetherMs = 5;
/** What waits for the turn is bounded, whatever a client sends without waiting for acks: beyond this it is handled at once. */
const maxFrames = 64;

export interface FrameBatchDeps<Frame> {
  /** Must not throw. */
  readonly handle: (frame: Frame) => void;
  /** A clock in ms that only goes on. */
  readonly now: () => number;
  /** Runs it once all that has come in by now is taken in. */
  readonly soon: (step: () => void) => void;
}

export class FrameBatch<Frame> {
  readonly #deps: FrameBatchDeps<Frame>;
  #waiting: Frame[] = [];
  #lastAt = Number.NEGATIVE_INFINITY;
  #isScheduled = false;

  constructor(deps: FrameBatchDeps<Frame>) {
    this.#deps = deps;
  }

  /** A frame came: handles it at once, or soon. */
  came(frame: Frame): void {
    const now = this.#deps.now();
    const isAlone = now - this.#lastAt >= togetherMs && this.#waiting.length === 0;
    this.#lastAt = now;
    if (isAlone) return this.#deps.handle(frame);
    this.#waiting.push(frame);
    if (this.#waiting.length >= maxFrames) this.flush();
    else this.#schedule();
  }

  /** Handles what waits now: before anything that must come after it. */
  flush(): void {
    const frames = this.#waiting;
    this.#waiting = [];
    for (const frame of frames) this.#deps.handle(frame);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#deps.soon(() => {
      this.#isScheduled = false;
      this.flush();
    });
  }
}
