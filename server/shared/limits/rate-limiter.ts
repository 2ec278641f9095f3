/**
 * The Durable Object that counts the requests of one subject of one tenant (SPEC L1). How it counts is in
 * `sliding-window.ts`; here is how the counts are stored: each admitted request is written, so that an object that was evicted (after ten idle seconds) or
 * killed goes on where it was, but the answer does not wait for the disk. What a crash can lose is the writes of
 * its last moments. Some windows after the last request an alarm leaves nothing behind.
 */
import { DurableObject } from "cloudflare:workers";
import { describeError, log } from "../telemetry/log.ts";
import { idleAt, type RateAnswer, type RateWindow, takeOne } from "./sliding-window.ts";

const key = "window";
/** Windows that the counts are kept for after they stopped to matter: an alarm per window would cost as much as the requests. */
const keptWindows = 3;
/** The answer is sent before the write is confirmed: waiting would slow every request, to be right after a crash. */
const unconfirmed = { allowUnconfirmed: true };

export class RateLimiter extends DurableObject {
  #window: RateWindow | null;
  /** Whether an alarm is known to be set. Not after a wake: setting it again costs a write, once. */
  #isArmed = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    this.#window = ctx.storage.kv.get<RateWindow>(key) ?? null;
  }

  /** Takes one request of `limit` in any `windowMs`. Through a stub it returns a promise. */
  take(limit: number, windowMs: number): RateAnswer {
    const { window, answer } = takeOne(this.#window, Date.now(), { limit, windowMs });
    if (window && window !== this.#window) this.#keep(window);
    return answer;
  }

  /** Idle for long: deletes all. Otherwise comes again. */
  override async alarm(): Promise<void> {
    const window = this.#window;
    this.#isArmed = false;
    if (window && Date.now() < this.#forgetAt(window)) return this.#arm(window);
    this.#window = null;
    await this.ctx.storage.deleteAll();
  }

  #keep(window: RateWindow): void {
    this.#window = window;
    this.#run(this.ctx.storage.put(key, window, unconfirmed));
    this.#arm(window);
  }

  #arm(window: RateWindow): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    this.#run(this.ctx.storage.setAlarm(this.#forgetAt(window), unconfirmed));
  }

  #forgetAt(window: RateWindow): number {
    return idleAt(window) + keptWindows * window.windowMs;
  }

  /** A write that fails resets the object, whoever waits for it; here it must only not go unhandled. */
  #run(write: Promise<void>): void {
    this.ctx.waitUntil(
      write.catch((cause: unknown) => log.error("rate_limiter.not_kept", { error: describeError(cause) })),
    );
  }
}
