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
