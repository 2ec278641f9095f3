/**
 * The circuit breaker before the speaker-resolve service, one a room: after some failures in a row no call is
 * made for a while, then one is tried. It counts only failures that say nothing of the audio.
 */
import { backoffMs } from "../../shared/lib/backoff.ts";

const failuresToOpen = 3;
const firstRestMs = 1_000;
const maxRestMs = 60_000;

export class Circuit {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #openUntil = 0;

  constructor(now: () => number, random: () => number) {
    this.#now = now;
    this.#random = random;
  }

  /** How long no call is to be made, ms; 0 while the circuit is closed or one may be tried. */
  get restMs(): number {
    return Math.max(0, this.#openUntil - this.#now());
  }

  succeeded(): void {
    this.#failures = 0;
    this.#openUntil = 0;
  }

  failed(): void {
    this.#failures += 1;
    const beyond = this.#failures - failuresToOpen;
    if (beyond < 0) return;
    this.#openUntil = this.#now() + backoffMs(beyond, firstRestMs, maxRestMs, this.#random);
  }
}
