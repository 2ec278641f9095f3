/**
 * Which web pages may use the gateway: those of `ALLOWED_ORIGINS`; CORS tells browsers (WHATWG Fetch §3.2). A request of a
 * page from elsewhere is refused, not only its answer kept from the page: with `AUTH_MODE=off` it would have done its work.
 */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { isAllowedOrigin, isLoopback } from "../../../shared/access/origins.ts";
import { preflightMaxAgeS } from "../../../shared/config/timings.ts";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../problems.ts";
import { isUpgrade, refuseUpgrade } from "../sockets.ts";

const exposeHeaders = [
  "x-trace-id",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-idempotent-replay",
  "x-result-version",
  "x-result-pending",
  "retry-after",
  "etag",
  "location",
  "accept-ranges",
  "content-range",
  "content-length",
];
const allowHeaders = [
  "authorization",
  "content-type",
  "x-idempotency-key",
  "traceparent",
  "last-event-id",
  "range",
  "if-none-match",
  "if-range",
];

const answerCors = cors({
  // Only what is allowed gets here.
  origin: (origin) => origin,
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders,
  exposeHeaders,
  maxAge: preflightMaxAgeS,
});

export const originGuard: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { access } = c.var.config;
  // Also what a page gets that has its own name point at this machine.
  if (access.authMode === "off" && !isLoopback(c.req.url)) return problem(c, "not_this_machine");
  const origin = c.req.header("origin");
  if (origin === undefined) return next();
  if (!isAllowedOrigin(access, origin, c.req.url)) {
    const refusal = { reason: "other_origin" } as const;
    return isUpgrade(c) ? refuseUpgrade(c, refusal) : problem(c, refusal);
  }
  // The headers of an upgrade's answer can't be changed, and no browser looks at them.
  return isUpgrade(c) ? next() : answerCors(c, next);
};
