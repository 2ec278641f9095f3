/**
 * Requests that bring no valid credential, counted by the address that they come from (SPEC P15). Guarantees that beyond the limit
 * they cost no read of D1 and no call of a limiter, and that a valid credential from the same address goes through all the same:
 * many people share an address.
 */
import type { Context } from "hono";
import { defaultTenant } from "../../../../schemas/names.ts";
import { addressBucket } from "../../../shared/access/caller-address.ts";
import { requestWindowMs } from "../../../shared/config/timings.ts";
import { remainingMs } from "../../../shared/lib/cooldown.ts";
import { takeRequest } from "../../../shared/limits/limiter-access.ts";
import type { AppEnv } from "../app-env.ts";
import type { Reason } from "../problems.ts";

export type TooManyStrangers = Extract<Reason, { readonly reason: "too_many_strangers" }>;

/** Which addresses are limited, and until when (ms since 1970): of this isolate, by its limiters. One entry a bucket at most. */
const limited = new WeakMap<object, Map<number, number>>();

export function bucketOf(c: Context<AppEnv>): number {
  const [salt = ""] = c.var.config.access.jwtSecrets;
  return addressBucket(c.req.header("cf-connecting-ip"), salt, Date.now());
}

/** Whether what comes from there without a valid credential is more than may be, as far as this isolate knows. */
export function isLimited(c: Context<AppEnv>): boolean {
  return knownRefusal(c, bucketOf(c)) !== undefined;
}

/** Counts a request that has brought no valid credential. @returns why it gets no other answer, where there were too many. */
export async function countStranger(c: Context<AppEnv>): Promise<TooManyStrangers | undefined> {
  const limit = limitOf(c);
  if (limit === null) return undefined;
  const bucket = bucketOf(c);
  const known = knownRefusal(c, bucket);
  if (known) return known;
  const caller = { tenant: defaultTenant, subject: `address:${bucket}` };
  const answer = await takeRequest(c.env.RATE_LIMITER, caller, { limit, windowMs: requestWindowMs });
  if (!answer || answer.allowed) return undefined;
  const until = Date.now() + answer.retryAfterMs;
  const buckets = limited.get(c.env.RATE_LIMITER) ?? new Map<number, number>();
  limited.set(c.env.RATE_LIMITER, buckets.set(bucket, until));
  return { reason: "too_many_strangers", limit, retryAfterMs: answer.retryAfterMs };
}

function limitOf(c: Context<AppEnv>): number | null {
  const { requestsPerMinute, unauthenticatedPerMinute } = c.var.config.limits;
  return requestsPerMinute === null ? null : unauthenticatedPerMinute;
}

function knownRefusal(c: Context<AppEnv>, bucket: number): TooManyStrangers | undefined {
  const limit = limitOf(c);
  const until = limited.get(c.env.RATE_LIMITER)?.get(bucket) ?? 0;
  // A limiter's answer is a window and a slot of it at most.
  const retryAfterMs = remainingMs(until, Date.now(), 2 * requestWindowMs);
  if (limit === null || retryAfterMs === 0) return undefined;
  return { reason: "too_many_strangers", limit, retryAfterMs };
}
