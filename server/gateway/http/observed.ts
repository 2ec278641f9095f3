/**
 * The line of each request (SPEC Z1): where it went, what came of it, how long it took. It holds no path and no query, which may bear a
 * token: the name of the operation instead, and the names that were checked. A streamed answer's length is not known, and not said.
 */
import type { Context, MiddlewareHandler } from "hono";
import { sessionIdSchema } from "../../../schemas/names.ts";
import type { Principal } from "../../shared/access/principal.ts";
import { newSpanId, parseTraceparent } from "../../shared/http/trace.ts";
import { notedCode, within } from "../../shared/telemetry/context.ts";
import { log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";

export const observed: MiddlewareHandler<AppEnv> = (c, next) => {
  const { traceId, parentSpanId } = parseTraceparent(c.req.header("traceparent"));
  c.set("traceId", traceId);
  c.set("spanId", newSpanId());
  const begunAt = Date.now();
  return within({ trace_id: traceId }, async () => {
    await next();
    const principal = c.get("principal") as Principal | undefined;
    const { status, headers } = c.res;
    const level = status >= 500 ? "warn" : "info";
    log[level]("cf_request", {
      tenant: principal?.tenant,
      session_id: sessionIdSchema.safeParse(c.req.param("session_id")).data,
      route: c.get("route") ?? "none",
      method: c.req.method,
      status,
      code: notedCode(),
      duration_ms: Date.now() - begunAt,
      bytes_in: lengthOf(c.req.header("content-length")),
      bytes_out: lengthOf(headers.get("content-length") ?? undefined),
      caller: callerOf(principal),
      span_id: c.var.spanId,
      parent_span_id: parentSpanId,
    });
  });
};

/** Names the operation that a request goes to, for its line. */
export function routeNamed(route: string): MiddlewareHandler<AppEnv> {
  return (c: Context<AppEnv>, next) => {
    c.set("route", route);
    return next();
  };
}

/** A token's subject may be a person's name: it is left out. */
function callerOf(principal: Principal | undefined): string | undefined {
  return principal?.kind === "key" ? `key:${principal.keyId}` : principal?.kind;
}

function lengthOf(header: string | undefined): number | undefined {
  const length = Number(header ?? Number.NaN);
  return Number.isSafeInteger(length) && length >= 0 ? length : undefined;
}
