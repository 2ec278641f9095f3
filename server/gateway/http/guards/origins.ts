/**
 * Which web pages may use the gateway: those of `ALLOWED_ORIGINS`; CORS tells browsers (WHATWG Fetch §3.2). A request of a
 * page from elsewhere is refused, not only its answer kept from the page: with `AUTH_MODE=off` it would have done its work.
 */
import type { Context, MiddlewareHandler } from "hono";
import { cors } from "hono/cors";
import { type Operation, operations, pageFilesPath } from "../../../../schemas/http/operations.ts";
import { idempotencyHeaders } from "../../../../schemas/http/queries.ts";
import { isAllowedOrigin, isLoopback, type OriginRules } from "../../../shared/access/origins.ts";
import { presentedCredential } from "../../../shared/access/presented.ts";
import { preflightMaxAgeS } from "../../../shared/config/timings.ts";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../problems.ts";
import { isUpgrade, refuseUpgrade } from "../sockets.ts";
import { countStranger } from "./strangers.ts";

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
  ...idempotencyHeaders,
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
  if (origin === undefined) {
    return !access.originRequired || isForAll(c.req.path) || namesPage(c, access) ? next() : refuse(c, "no_origin");
  }
  if (!isAllowedOrigin(access, origin, c.req.url)) return refuse(c, "other_origin");
  // The headers of an upgrade's answer can't be changed, and no browser looks at them.
  return isUpgrade(c) ? next() : answerCors(c, next);
};

/**
 * On the socket only where a credential was shown, or none is asked for: nobody holds a connection for nothing (SPEC W7). A
 * credential that nobody has looked at counts as one that is not valid.
 */
async function refuse(c: Context<AppEnv>, reason: "no_origin" | "other_origin"): Promise<Response> {
  if (!isUpgrade(c)) return problem(c, { reason });
  const tooMany = await countStranger(c);
  if (tooMany) return problem(c, tooMany);
  const presented = presentedCredential(c.req.raw);
  const isBare = c.var.config.access.authMode === "required" && presented.ok && presented.value === undefined;
  return isBare ? problem(c, { reason }) : refuseUpgrade(c, { reason });
}

const publicPaths: ReadonlySet<string> = new Set(
  Object.values<Operation>(operations).flatMap(({ access, path }) => (access === "public" ? [path] : [])),
);

/** What nobody needs a credential for: the pages themselves, which a browser asks for without an origin. */
function isForAll(path: string): boolean {
  return publicPaths.has(path) || path.startsWith(pageFilesPath);
}

/**
 * Whether a request without `Origin` comes from a page that is let in: a browser sends none with a GET of the page's own server,
 * nor for media. It says then whose page it is by `Referer`, or, since the gateway's own pages send none, by `Sec-Fetch-Site`, which no
 * page can set.
 */
function namesPage(c: Context<AppEnv>, rules: OriginRules): boolean {
  const referer = c.req.header("referer");
  if (referer === undefined) return c.req.header("sec-fetch-site") === "same-origin";
  return URL.canParse(referer) && isAllowedOrigin(rules, new URL(referer).origin, c.req.url);
}
