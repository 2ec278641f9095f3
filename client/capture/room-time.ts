/**
 * Asks the room what its clock says, for a clock that can't tell sleep from a wall clock that was set (SPEC C10): once a connection
 * is open, now and then, and at once in doubt.
 */
import type { SleepClock } from "./sleep-clock.ts";

/** The steady clock and the room's drift apart by far less than a second meanwhile. */
const askAgainMs = 600_000;
/** An open connection that gives no answer for so long is one that the machine slept over. */
const answerMs = 3_000;

/** Answered by the room with its time, other than the exact text of a ping, which the platform answers (SPEC W8). */
const question = { type: "ping", ask: "ts" } as const;

export class RoomTime {
  readonly #clock: SleepClock;
  readonly #send: (message: Readonly<Record<string, unknown>>) => boolean;
  /** Questions without an answer. Answers come in their order, and only that to the last one is of use: it was asked after the jump. */
  #unanswered = 0;
  #lastAskedAt = Number.NEGATIVE_INFINITY;
  #timeout: ReturnType<typeof setTimeout> | undefined;

  /** @param send over the open connection. @returns false where there is none. */
  constructor(clock: SleepClock, send: (message: Readonly<Record<string, unknown>>) => boolean) {
    this.#clock = clock;
    this.#send = send;
    clock.onDoubt = () => this.ask();
  }

  /** A connection is open, or a doubt began. */
  ask(): void {
    if (!this.#clock.needsWitness || !this.#send(question)) return;
    this.#unanswered += 1;
    this.#lastAskedAt = this.#clock.ask();
    clearTimeout(this.#timeout);
    this.#timeout = setTimeout(() => this.#clock.assumeSleep(), answerMs);
  }

  /** @param roomMs undefined for the answer to another ping. */
  handlePong(roomMs: number | undefined): void {
    if (roomMs === undefined || this.#unanswered === 0) return;
    this.#unanswered -= 1;
    if (this.#unanswered > 0) return;
    clearTimeout(this.#timeout);
    this.#clock.handleRoomTime(roomMs, this.#lastAskedAt);
  }

  handleTick(): void {
    if (this.#clock.ask() - this.#lastAskedAt > askAgainMs) this.ask();
  }

  /** No answer comes any more over this connection. */
  handleClose(): void {
    clearTimeout(this.#timeout);
    this.#unanswered = 0;
  }
}
