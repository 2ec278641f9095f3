/**
 * How much work a model takes on: beyond it a request is refused at once with when to come again, instead of waiting in a
 * queue that only grows.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";

export interface GateLimits {
  /** Requests under way. */
  readonly maxJobs: number;
  /** Bytes of the bodies that they brought. */
  readonly maxBytes: number;
}

export interface Busy {
  /** Whole seconds until another request has a chance. */
  readonly retryAfterSeconds: number;
}

export interface Place {
  /** Call once the work is over, however it ended; later calls do nothing. */
  readonly leave: () => void;
}

const longestRetryAfterSeconds = 60;

export class Gate {
  readonly #limits: GateLimits;
  readonly #now: () => number;
  #jobs = 0;
  #bytes = 0;
  /** How long a job took, the last ones counting most. */
  #typicalMs = 1_000;

  constructor(limits: GateLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  get jobs(): number {
    return this.#jobs;
  }

  /** @param bytes of the body; what one request alone may bring always fits where nothing else is under way. */
  enter(bytes: number): Result<Place, Busy> {
    const isFull = this.#jobs >= this.#limits.maxJobs || this.#bytes + bytes > this.#limits.maxBytes;
    if (isFull && this.#jobs > 0) return err({ retryAfterSeconds: this.#retryAfterSeconds() });
    this.#jobs += 1;
    this.#bytes += bytes;
    const since = this.#now();
    let isIn = true;
    return ok({
      leave: () => {
        if (!isIn) return;
        isIn = false;
        this.#jobs -= 1;
        this.#bytes -= bytes;
        this.#typicalMs += (this.#now() - since - this.#typicalMs) / 4;
      },
    });
  }

  /** Jobs take turns, so that all of them come to their end at about the same time. */
  #retryAfterSeconds(): number {
    return Math.min(longestRetryAfterSeconds, Math.max(1, Math.ceil(this.#typicalMs / 1_000)));
  }
}
