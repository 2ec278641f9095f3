/** How often one caller may ask (SPEC L1): the sliding window of its `RateLimiter`, told in every answer. */
import type { Context } from "hono";
import { type Principal, subjectOf } from "../../../shared/access/principal.ts";
import { takeRequest } from "../../../shared/limits/limiter-access.ts";
import type { RateAnswer } from "../../../shared/limits/sliding-window.ts";
import type { AppEnv } from "../app-env.ts";

const windowMs = 60_000;

/** @returns undefined where the request may go on; its answer then says how many more may. */
export async function countRequest(
  c: Context<AppEnv>,
  principal: Principal,
): Promise<{ detail: string; retryAfterMs: number } | undefined> {
  const limit = c.var.config.limits.requestsPerMinute;
  if (limit === null) return undefined;
  const caller = { tenant: principal.tenant, subject: subjectOf(principal) };
  const answer = await takeRequest(c.env.RATE_LIMITER, caller, { limit, windowMs });
  if (!answer) return undefined;
  c.set("rate", answer);
  if (answer.allowed) return undefined;
  return { detail: `At most ${limit} requests in a minute. Wait, and go on.`, retryAfterMs: answer.retryAfterMs };
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
