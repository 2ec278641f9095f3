/**
 * What a room holds of its tenant's audio quota: a total up to which it may store, renewed in the background before it is
 * used up. Whether a second may be stored is answered at once, from memory; the quota is asked beside it (K7).
 *
 * While an answer is on its way the room goes on, for at most `maxPendingDebtS` beyond its total; while the quota can't be
 * reached, for at most `maxUnreachableDebtS`. The next request reports what it stored, and that is counted then. Where
 * the answer says that the quota is exhausted, the room stops exactly at its total and asks again now and then, since a quota
 * can be raised. After a wake it knows no total, and its first seconds are a debt too.
 *
 * It knows no platform: how the quota is asked is passed in. Needs no timer: it is asked once a second.
 */
import { leaseAskAgainMs, leaseBackoffMs, leaseLostMs, leasePendingRetryMs } from "../config/timings.ts";
import { Cooldown } from "../lib/cooldown.ts";
import { TimeoutError } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../telemetry/log.ts";
import type { LeaseAnswer } from "./reservation.ts";

/** Seconds that one request asks for. */
const blockS = 240;
/** A renewal is asked for when fewer seconds than these are left. */
const renewBelowS = blockS / 2;
/** Seconds stored beyond the total while an answer is on its way. */
const maxPendingDebtS = 120;
/** Seconds stored beyond the total while the quota can't be reached: a meeting is worth more than a limit. */
const maxUnreachableDebtS = 3_600;

export interface AudioLeaseDeps {
  readonly sessionId: string;
  /** Seconds a day of the whole tenant. Null: lifted; then nothing is ever asked. */
  readonly quota: number | null;
  /** Asks the quota (`LeaseRequest`). May reject, may throw, may never answer. */
  readonly lease: (storedTotal: number, wanted: number, quota: number) => Promise<LeaseAnswer>;
  /** Ms since 1970. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Exhausted: until the quota's next day. Otherwise the quota can't be reached, and may be any time. */
export type MayStore = "yes" | { readonly retryAfterMs: number; readonly isExhausted: boolean };

/** What of the tenant's quota of a day is used. */
export interface QuotaUse {
  /** Rounded down; more than 100 where a debt was counted. */
  readonly percent: number;
  /** When the quota said so, ms since 1970. */
  readonly at: number;
}

interface Request {
  readonly at: number;
  readonly storedTotal: number;
}

export class AudioLease {
  readonly #deps: AudioLeaseDeps;
  /** Total up to which the session may store. Null: nothing was stored since the wake. */
  #upTo: number | null = null;
  #pending: Request | null = null;
  /** How long the quota is left alone after requests that came to nothing. */
  readonly #cooldown: Cooldown;
  #exhausted: { readonly until: number; readonly askAgainAt: number } | null = null;
  #use: QuotaUse | null = null;

  constructor(deps: AudioLeaseDeps) {
    this.#deps = deps;
    this.#cooldown = new Cooldown({
      firstMs: leaseBackoffMs.first,
      maxMs: leaseBackoffMs.longest,
      now: deps.now,
      random: deps.random,
    });
  }

  /** As last heard; null where nothing was, or where there is no quota. */
  get use(): QuotaUse | null {
    return this.#use;
  }

  /**
   * Whether the session may store one second more.
   * @param storedTotal seconds that it has stored in all: all its tracks, its whole life. Never falls.
   */
  mayStore(storedTotal: number): MayStore {
    const { quota } = this.#deps;
    if (quota === null) return "yes";
    const now = this.#deps.now();
    if (this.#exhausted && now >= this.#exhausted.until) this.#exhausted = null;
    const upTo = (this.#upTo ??= storedTotal);
    if (upTo - storedTotal < renewBelowS) this.#renew({ at: now, storedTotal }, quota);
    if (storedTotal < upTo) return "yes";
    if (this.#exhausted) return { retryAfterMs: this.#exhausted.until - now, isExhausted: true };
    const isUnreachable = this.#cooldown.failures > 0;
    if (storedTotal - upTo < (isUnreachable ? maxUnreachableDebtS : maxPendingDebtS)) return "yes";
    const retryAfterMs = isUnreachable
      ? Math.max(leasePendingRetryMs, this.#cooldown.remainingMs)
      : leasePendingRetryMs;
    return { retryAfterMs, isExhausted: false };
  }

  #renew(request: Request, quota: number): void {
    const { at: now } = request;
    if (this.#pending) {
      // An age below 0 means that the clock went backwards.
      const ageMs = now - this.#pending.at;
      if (ageMs >= 0 && ageMs < leaseLostMs) return;
      this.#failed(new TimeoutError(`no answer within ${leaseLostMs} ms`));
    }
    if (!this.#cooldown.isOver || !this.#isWorthAsking(now)) return;
    this.#pending = request;
    void this.#ask(request, quota);
  }

  #isWorthAsking(now: number): boolean {
    if (!this.#exhausted) return true;
    const { askAgainAt } = this.#exhausted;
    return now >= askAgainAt || askAgainAt - now > leaseAskAgainMs;
  }

  /** Never rejects. */
  async #ask(request: Request, quota: number): Promise<void> {
    try {
      // Off the caller's step, which keeps a chunk.
      await Promise.resolve();
      const answer = await this.#deps.lease(request.storedTotal, blockS, quota);
      this.#absorb(request, answer);
      if (answer.usedToday !== undefined && quota > 0)
        this.#use = { percent: Math.floor((100 * answer.usedToday) / quota), at: this.#deps.now() };
    } catch (cause) {
      if (this.#pending === request) this.#failed(cause);
    }
  }

  #absorb(request: Request, answer: LeaseAnswer): void {
    // What was reserved stays reserved, however late the answer comes.
    this.#upTo = Math.max(this.#upTo ?? 0, answer.upTo);
    // Of an answer that was given up, what it says of the quota may be long past.
    if (this.#pending !== request) return;
    if (!answer.isExhausted && answer.upTo <= request.storedTotal) {
      // Not to be asked once a second for that.
      this.#failed(new Error("the quota granted nothing and is not exhausted"));
      return;
    }
    this.#pending = null;
    this.#cooldown.succeeded();
    const now = this.#deps.now();
    this.#exhausted = answer.isExhausted
      ? { until: now + answer.retryAfterMs, askAgainAt: now + leaseAskAgainMs }
      : null;
  }

  #failed(cause: unknown): void {
    const { sessionId } = this.#deps;
    const delay_ms = this.#cooldown.failed();
    this.#pending = null;
    log.warn("quota.not_leased", { session_id: sessionId, delay_ms, error: describeError(cause) });
  }
}
