/**
 * What the participant says, on its way out at the pace at which it is heard: the model gives it faster than that. A track goes on
 * from join to leave, with silence where nobody speaks. Pure: how much time passed is told.
 */
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";

/** Two minutes: what is beyond is dropped, since no turn is as long. */
const maxSamples = 120 * sampleRateHz;

export interface Going {
  /** All that is due: speech, and silence behind it. */
  readonly samples: Int16Array;
  /** So much of its beginning is speech. */
  readonly spoken: number;
}

/** Time that passed unseen is a gap, as the capture library tells it, and not played after the fact. */
const maxDueMs = 1_000;

/** How much sound is due, by a clock that somebody may set: the runtime has no other. */
export class DueSound {
  readonly #usualMs: number;
  #lastAt: number;

  /** @param usualMs between two looks. @param now ms since 1970. */
  constructor(usualMs: number, now: number) {
    this.#usualMs = usualMs;
    this.#lastAt = now;
  }

  /** Since the last look, ms. A clock that was set back is no reason to be silent until it has caught up: what passed then is what usually does. */
  due(now: number): number {
    const passed = now - this.#lastAt;
    this.#lastAt = now;
    return passed < 0 ? this.#usualMs : Math.min(passed, maxDueMs);
  }
}

export class Outflow {
  #queue: Int16Array[] = [];
  #queued = 0;

  queue(samples: Int16Array): void {
    if (this.#queued + samples.length > maxSamples) return;
    this.#queue.push(samples);
    this.#queued += samples.length;
  }

  flush(): void {
    this.#queue = [];
    this.#queued = 0;
  }

  get isEmpty(): boolean {
    return this.#queued === 0;
  }

  take(count: number): Going {
    const samples = new Int16Array(count);
    let spoken = 0;
    for (let [first] = this.#queue; first && spoken < count; [first] = this.#queue) {
      const some = first.subarray(0, count - spoken);
      samples.set(some, spoken);
      spoken += some.length;
      if (some.length === first.length) this.#queue.shift();
      else this.#queue[0] = first.subarray(some.length);
    }
    this.#queued -= spoken;
    return { samples, spoken };
  }
}
