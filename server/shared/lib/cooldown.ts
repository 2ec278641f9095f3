/**
 * How long something that failed is left alone: longer after each failure in a row, with jitter. In memory alone, so a room
 * that wakes tries at once. Knows no timer: whoever asks sets the alarm.
 */
import { backoffMs } from "../../../schemas/lib/backoff.ts";

export interface CooldownOptions {
  /** The longest wait after the first failure that counts; at least half of it is waited. */
  readonly firstMs: number;
  readonly maxMs: number;
  /** ms since 1970. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Failures in a row that are waited for not at all. */
  readonly tolerated?: number;
}

/**
 * Whether less than `spanMs` lie between a time that was noted and now, both ms since 1970. A clock that is set by more, forwards or back,
 * ends the span: nothing holds for as long as a clock was wrong.
 */
export function isWithin(spanMs: number, at: number, now: number): boolean {
  return Math.abs(now - at) < spanMs;
}

/** How long it is until a time that was at most `longestMs` ahead when it was noted, ms; 0 where it has come, or the clock was set back. */
export function remainingMs(until: number, now: number, longestMs: number): number {
  const leftMs = until - now;
  return leftMs > longestMs ? 0 : Math.max(0, leftMs);
}

export class Cooldown {
  readonly #options: CooldownOptions;
  #failures = 0;
  #until = 0;

  constructor(options: CooldownOptions) {
    this.#options = options;
  }

  /** Failures since the last success. */
  get failures(): number {
    return this.#failures;
  }

  /** When it may be tried again, ms since 1970; in the past where it may be now. */
  get until(): number {
    const { now, maxMs } = this.#options;
    // An end further off than the longest wait means that the clock went backwards: better too early than never.
    return this.#until - now() > maxMs ? 0 : this.#until;
  }

  /** How long it is still left alone, ms; 0 where it may be tried. */
  get remainingMs(): number {
    return Math.max(0, this.until - this.#options.now());
  }

  get isOver(): boolean {
    return this.remainingMs === 0;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = 0;
  }

  /** @returns how long it is left alone now, ms. */
  failed(): number {
    const { firstMs, maxMs, now, random, tolerated = 0 } = this.#options;
    this.#failures += 1;
    const counted = this.#failures - tolerated;
    if (counted <= 0) return 0;
    const delayMs = backoffMs({ firstMs, maxMs, least: "half" }, counted, random());
    this.#until = now() + delayMs;
    return delayMs;
  }

  /** Leaves it alone until a time, ms since 1970, whatever became of it before. A wait longer than `maxMs` does not hold. */
  holdUntil(at: number): void {
    this.#until = at;
  }
}
