/** What every answer tells browsers: guess no type, show it in no frame, run nothing of it, send no address along. */
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { AppEnv } from "./app-env.ts";
import { isUpgrade } from "./upgrade.ts";

/** Of answers that are no page. A page brings its own. */
const nothingRuns = "default-src 'none'; frame-ancestors 'none'";

const common = {
  strictTransportSecurity: "max-age=31536000; includeSubDomains",
  xFrameOptions: "DENY",
  referrerPolicy: "no-referrer",
} as const;
const forOwnPages = secureHeaders({ ...common, crossOriginResourcePolicy: "same-origin" });
/** Pages of other origins may then also play audio from here: `<audio>` sends no `Origin`, but it has a token. */
const forOtherPages = secureHeaders({ ...common, crossOriginResourcePolicy: "cross-origin" });

export const secured: MiddlewareHandler<AppEnv> = async (c, next) => {
  // An upgrade's answer can't be changed.
  if (isUpgrade(c)) return next();
  await (c.var.config.access.allowedOrigins.length === 0 ? forOwnPages : forOtherPages)(c, next);
  if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", nothingRuns);
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
  return undefined;
};
