/**
 * Which web pages may use the gateway: those of `ALLOWED_ORIGINS`, told by CORS (WHATWG Fetch §3.2). A request that a page
 * from elsewhere sends is refused, not only its answer kept from the page: with `AUTH_MODE=off` it would have done its work.
 */
import type { MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { isAllowedOrigin, isLoopback } from "../../../shared/access/origins.ts";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../problem.ts";
import { refuseSocket } from "../refuse-socket.ts";
import { isUpgrade } from "../upgrade.ts";

const exposeHeaders = [
  "x-trace-id",
  "x-ratelimit-limit",
  "x-ratelimit-remaining",
  "x-ratelimit-reset",
  "x-idempotent-replay",
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
const preflightMaxAgeS = 7_200;

const answerCors = cors({
  // Only what is allowed gets here.
  origin: (origin) => origin,
  allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
  allowHeaders,
  exposeHeaders,
  maxAge: preflightMaxAgeS,
});

export const originDoor: MiddlewareHandler<AppEnv> = async (c, next) => {
  const { access } = c.var.config;
  if (access.authMode === "off" && !isLoopback(c.req.url)) {
    // Also what a page gets that has its own name point at this machine.
    const detail = "AUTH_MODE is off, which serves requests to this machine alone (localhost, 127.0.0.1, [::1]).";
    return problem(c, "misconfigured", detail);
  }
  const origin = c.req.header("origin");
  if (origin === undefined) return next();
  if (!isAllowedOrigin(access, origin, c.req.url)) {
    const detail = "Web pages of this origin are not let in: ALLOWED_ORIGINS does not name it.";
    return isUpgrade(c)
      ? refuseSocket(c, { type: "error", code: "forbidden", detail, retryable: false })
      : problem(c, "origin_not_allowed", detail);
  }
  // The headers of an upgrade's answer can't be changed, and no browser looks at them.
  return isUpgrade(c) ? next() : answerCors(c, next);
};
