/**
 * How the Worker and the rooms reach the two counting objects. What a request waits for fails open: an object that hangs or
 * fails is logged and the request goes on, since a meeting lost is worse than a limit missed. What a room asks in the
 * background rejects instead, for the room to try again: `AudioLease` and its jobs know how.
 *
 * Takes the narrowest view of a namespace, which `env.RATE_LIMITER` and `env.TENANT_QUOTA` fit.
 */
import { createHash } from "node:crypto";
import { toHex } from "../../../schemas/chain.ts";
import { limiterTimeoutMs, quotaTimeoutMs, slotTimeoutMs } from "../config/timings.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { isStorageFull } from "../lib/storage-full.ts";
import { describeError, log } from "../telemetry/log.ts";
import type { LeaseAnswer, LeaseRequest } from "./reservation.ts";
import type { RateAnswer, RateLimit } from "./sliding-window.ts";
import type { SessionKey, SessionKeyAnswer } from "./session-keys.ts";
import type { SlotAnswer, TenantUsage } from "./tenant-usage.ts";

interface Namespace<Stub> {
  getByName(name: string): Stub;
}

export type RateLimiters = Namespace<{
  take(limit: number, windowMs: number): Promise<RateAnswer>;
}>;

export type TenantQuotas = Namespace<{
  openSession(sessionId: string, limit: number | null): Promise<SlotAnswer>;
  confirmSession(sessionId: string): Promise<void>;
  closeSession(sessionId: string, storedTotal: number): Promise<void>;
  lease(sessionId: string, storedTotal: number, wanted: number, quota: number | null): Promise<LeaseAnswer>;
  bindKey(key: SessionKey): Promise<SessionKeyAnswer>;
  freeKey(subject: string, key: string, sessionId: string): Promise<void>;
  usage(): Promise<TenantUsage>;
}>;

export interface Caller {
  readonly tenant: string;
  /**
   * Who asks, in any characters. Whoever names API keys and token subjects puts something different before each, or a token
   * could be made out to a key's id and use up its limit.
   */
  readonly subject: string;
}

export interface SessionOfTenant {
  readonly tenant: string;
  readonly sessionId: string;
}

/**
 * The name of a caller's `RateLimiter`: no two callers share one. JSON keeps apart what UTF-8 would not (halves of surrogate
 * pairs); the digest keeps names short, and subjects, often mail addresses, out of the platform's lists.
 */
export function rateLimiterName({ tenant, subject }: Caller): string {
  const text = new TextEncoder().encode(JSON.stringify([tenant, subject]));
  return `${tenant}/${toHex(createHash("sha256").update(text).digest())}`;
}

/** Takes one request of the caller's limit. Never rejects. @returns undefined where the limiter did not answer: go on. */
export async function takeRequest(
  limiters: RateLimiters,
  caller: Caller,
  { limit, windowMs }: RateLimit,
): Promise<RateAnswer | undefined> {
  try {
    const limiter = limiters.getByName(rateLimiterName(caller));
    return await withTimeout(limiter.take(limit, windowMs), limiterTimeoutMs, "the rate limiter");
  } catch (cause) {
    // Looked at here, too: it is mostly the first that is told of a full disk.
    const is_storage_full = isStorageFull(cause);
    log.error("rate_limiter.unreachable", { tenant: caller.tenant, is_storage_full, error: describeError(cause) });
    return undefined;
  }
}

/**
 * Asks for a slot, before a session is opened. Never rejects.
 * @param limit open sessions of the tenant; null: lifted.
 * @returns whether the session may be opened; true where the quota did not answer.
 */
export async function takeSessionSlot(
  quotas: TenantQuotas,
  { tenant, sessionId }: SessionOfTenant,
  limit: number | null,
): Promise<boolean> {
  try {
    const quota = quotas.getByName(tenant);
    return (await withTimeout(quota.openSession(sessionId, limit), slotTimeoutMs, "the tenant quota")).ok;
  } catch (cause) {
    log.error("tenant_quota.unreachable", { tenant, session_id: sessionId, error: describeError(cause) });
    return true;
  }
}

/** The room says that its session is open. Rejects; may be repeated. */
export async function confirmSession(quotas: TenantQuotas, { tenant, sessionId }: SessionOfTenant): Promise<void> {
  await inBackground(quotas.getByName(tenant).confirmSession(sessionId));
}

/**
 * The room says that its session is finalized or deleted. Rejects; may be repeated.
 * @param storedTotal seconds that it stored in all.
 */
export async function closeSession(
  quotas: TenantQuotas,
  { tenant, sessionId }: SessionOfTenant,
  storedTotal: number,
): Promise<void> {
  await inBackground(quotas.getByName(tenant).closeSession(sessionId, storedTotal));
}

/** Reserves audio; the `lease` of `AudioLease`. Rejects; may be repeated. */
export async function leaseAudio(
  quotas: TenantQuotas,
  { tenant, sessionId }: SessionOfTenant,
  { storedTotal, wanted, quota }: LeaseRequest,
): Promise<LeaseAnswer> {
  return inBackground(quotas.getByName(tenant).lease(sessionId, storedTotal, wanted, quota));
}

/** Binds an idempotency key to a request to open a session. Rejects: on a guess a session would be opened twice. */
export async function bindSessionKey(quotas: TenantQuotas, tenant: string, key: SessionKey): Promise<SessionKeyAnswer> {
  return withTimeout(quotas.getByName(tenant).bindKey(key), slotTimeoutMs, "the tenant quota");
}

/** Frees a key whose request came to nothing. Rejects; may be repeated. */
export async function freeSessionKey(
  quotas: TenantQuotas,
  tenant: string,
  ...[subject, key, sessionId]: Parameters<ReturnType<TenantQuotas["getByName"]>["freeKey"]>
): Promise<void> {
  await withTimeout(quotas.getByName(tenant).freeKey(subject, key, sessionId), slotTimeoutMs, "the tenant quota");
}

/** What a tenant uses now, for metrics. Rejects. */
export async function tenantUsage(quotas: TenantQuotas, tenant: string): Promise<TenantUsage> {
  return inBackground(quotas.getByName(tenant).usage());
}

function inBackground<T>(call: Promise<T>): Promise<T> {
  return withTimeout(call, quotaTimeoutMs, "the tenant quota");
}
