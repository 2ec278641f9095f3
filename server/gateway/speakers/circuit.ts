/**
 * The circuit breaker before the speaker-resolve service, one a room: after some failures in a row no call is made for a
 * while, then one is tried. Only failures that say nothing of the audio count.
 */
import { Cooldown } from "../../shared/lib/cooldown.ts";

const failuresToOpen = 3;
const firstMs = 1_000;
const maxMs = 60_000;

export class Circuit extends Cooldown {
  constructor(now: () => number, random: () => number) {
    super({ firstMs, maxMs, now, random, tolerated: failuresToOpen - 1 });
  }

  get isFailing(): boolean {
    return this.failures >= failuresToOpen;
  }
}
