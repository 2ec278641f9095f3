/**
 * The Durable Object that counts what one tenant uses: its open sessions, and its audio of the day; and that knows the keys its
 * sessions are opened under (`session-keys.ts`). The counting is `quota-store.ts`; here are the calls, each one synchronous step, and the alarm that deletes what is over. Its answers wait
 * until they are durable: a slot that was promised must not be promised again.
 */
import { DurableObject } from "cloudflare:workers";
import { durableDatabase } from "../lib/durable-database.ts";
import { quotaSweepMs } from "../config/timings.ts";
import { describeError, log } from "../telemetry/log.ts";
import { QuotaStore } from "./quota-store.ts";
import type { LeaseAnswer } from "./reservation.ts";
import { type SessionKey, type SessionKeyAnswer, SessionKeys } from "./session-keys.ts";
import type { SlotAnswer, TenantUsage } from "./tenant-usage.ts";

export class TenantQuota extends DurableObject {
  readonly #store: QuotaStore;
  readonly #keys: SessionKeys;
  #isArmed = false;

  constructor(ctx: DurableObjectState, env: Cloudflare.Env) {
    super(ctx, env);
    const { storage } = ctx;
    const db = durableDatabase(storage);
    this.#store = new QuotaStore(db);
    this.#keys = new SessionKeys(db);
    // An alarm that is set must not be put off by each wake.
    void ctx.blockConcurrencyWhile(async () => {
      this.#isArmed = (await storage.getAlarm()) !== null;
    });
  }

  openSession(sessionId: string, limit: number | null): SlotAnswer {
    this.#arm();
    return this.#store.openSession(sessionId, limit);
  }

  confirmSession(sessionId: string): void {
    this.#store.confirmSession(sessionId);
  }

  closeSession(sessionId: string, storedTotal: number): void {
    this.#arm();
    this.#store.closeSession(sessionId, storedTotal);
  }

  lease(sessionId: string, storedTotal: number, wanted: number, quota: number | null): LeaseAnswer {
    this.#arm();
    return this.#store.lease(sessionId, { storedTotal, wanted, quota });
  }

  bindKey(key: SessionKey): SessionKeyAnswer {
    return this.#keys.bind(key);
  }

  freeKey(subject: string, key: string, sessionId: string): void {
    this.#keys.free(subject, key, sessionId);
  }

  usage(): TenantUsage {
    return this.#store.usage();
  }

  override alarm(): void {
    this.#isArmed = false;
    if (this.#store.sweep()) this.#arm();
  }

  #arm(): void {
    if (this.#isArmed) return;
    this.#isArmed = true;
    const set = this.ctx.storage.setAlarm(Date.now() + quotaSweepMs).catch((cause: unknown) => {
      this.#isArmed = false;
      log.error("tenant_quota.alarm_not_set", { error: describeError(cause) });
    });
    this.ctx.waitUntil(set);
  }
}
