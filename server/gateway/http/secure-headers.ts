/** Headers of every answer that keep browsers from guessing its type, framing it, running any of it, or sending its address along. */
import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import type { AccessConfig } from "../../shared/config/access.ts";
import type { Config } from "../../shared/config/config.ts";
import type { AppEnv } from "./app-env.ts";

/** The policy of answers that are no page. A page brings its own. */
const nothingRuns = "default-src 'none'; frame-ancestors 'none'";

const common = {
  strictTransportSecurity: "max-age=31536000; includeSubDomains",
  xFrameOptions: "DENY",
  referrerPolicy: "no-referrer",
} as const;
/** Which pages may show or play an answer without a CORS request (`<audio>` sends no `Origin`): those that CORS lets in. */
const forPagesOf = {
  gateway: secureHeaders({ ...common, crossOriginResourcePolicy: "same-origin" }),
  machine: secureHeaders({ ...common, crossOriginResourcePolicy: "same-site" }),
  others: secureHeaders({ ...common, crossOriginResourcePolicy: "cross-origin" }),
} as const;

export const secured: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  // The answer to an accepted upgrade can't be changed.
  if (c.res.status === 101) return;
  // There is no config where the variables are not set right.
  const config = c.get("config") as Config | undefined;
  await forPagesOf[whoseMay(config?.access)](c, () => Promise.resolve());
  if (!c.res.headers.has("content-security-policy")) c.header("content-security-policy", nothingRuns);
  if (!c.res.headers.has("cache-control")) c.header("cache-control", "no-store");
};

function whoseMay(access: AccessConfig | undefined): keyof typeof forPagesOf {
  if (access && access.allowedOrigins.length > 0) return "others";
  return access?.authMode === "off" ? "machine" : "gateway";
}
