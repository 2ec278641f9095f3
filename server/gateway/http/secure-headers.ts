/**
 * Headers of every answer that keep browsers from guessing its type, framing it, running any of it, or sending its address along; and those
 * that keep what is kept of it from another page, or another caller, than it was given to.
 */
import type { Context, MiddlewareHandler } from "hono";
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
  const caching = c.res.headers.get("cache-control");
  if (caching === null) c.header("cache-control", "no-store");
  else if (!caching.includes("no-store"))
    vary(c, caching.includes("private") ? ["Origin", "Authorization"] : ["Origin"]);
};

/** Also where none was sent: a page that comes later sends one, and must not be given the answer without its CORS headers. */
function vary(c: Context<AppEnv>, names: readonly string[]): void {
  const said = (c.res.headers.get("vary") ?? "").toLowerCase();
  for (const name of names) if (!said.includes(name.toLowerCase())) c.header("vary", name, { append: true });
}

function whoseMay(access: AccessConfig | undefined): keyof typeof forPagesOf {
  if (access && access.allowedOrigins.length > 0) return "others";
  return access?.authMode === "off" ? "machine" : "gateway";
}
