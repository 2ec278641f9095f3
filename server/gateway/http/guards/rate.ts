/** How often one caller may ask (SPEC L1): the sliding window of its `RateLimiter`; every answer says how much is left. */
import type { Context } from "hono";
import type { Operation } from "../../../../schemas/http/operations.ts";
import { type Principal, subjectOf } from "../../../shared/access/principal.ts";
import { requestWindowMs } from "../../../shared/config/timings.ts";
import { takeRequest } from "../../../shared/limits/limiter-access.ts";
import type { RateAnswer } from "../../../shared/limits/sliding-window.ts";
import type { AppEnv } from "../app-env.ts";
import { bucketOf } from "./strangers.ts";

export interface TooManyRequests {
  readonly reason: "too_many_requests";
  readonly limit: number;
  readonly retryAfterMs: number;
}

/**
 * Counts what is dear by itself too, where requests are counted at all.
 * @param what names the limit.
 */
export async function countOnRoute(
  c: Context<AppEnv>,
  principal: Principal,
  what: NonNullable<Operation["perMinute"]>,
): Promise<TooManyRequests | undefined> {
  const { requestsPerMinute, [what]: limit } = c.var.config.limits;
  if (requestsPerMinute === null || limit === null) return undefined;
  const caller = { tenant: principal.tenant, subject: `${what} ${countedAs(c, principal)}` };
  const answer = await takeRequest(c.env.RATE_LIMITER, caller, { limit, windowMs: requestWindowMs });
  if (!answer) return undefined;
  c.set("rate", answer);
  return answer.allowed ? undefined : { reason: "too_many_requests", limit, retryAfterMs: answer.retryAfterMs };
}

/** @returns undefined where the request may go on; its answer then says how many more may. */
export async function countRequest(c: Context<AppEnv>, principal: Principal): Promise<TooManyRequests | undefined> {
  const limit = c.var.config.limits.requestsPerMinute;
  if (limit === null) return undefined;
  const caller = { tenant: principal.tenant, subject: countedAs(c, principal) };
  const answer = await takeRequest(c.env.RATE_LIMITER, caller, { limit, windowMs: requestWindowMs });
  if (!answer) return undefined;
  c.set("rate", answer);
  return answer.allowed ? undefined : { reason: "too_many_requests", limit, retryAfterMs: answer.retryAfterMs };
}

/** Where no credential tells callers apart, their addresses do. */
function countedAs(c: Context<AppEnv>, principal: Principal): string {
  return principal.kind === "anyone" ? `anyone at ${bucketOf(c)}` : subjectOf(principal);
}

/** The headers of an answer to a request that was counted; none for one that was not. */
export function rateHeaders(rate: RateAnswer | undefined): Readonly<Record<string, string>> {
  if (!rate) return {};
  return {
    "x-ratelimit-limit": String(rate.limit),
    "x-ratelimit-remaining": String(rate.remaining),
    "x-ratelimit-reset": String(Math.ceil(rate.resetMs / 1_000)),
  };
}
