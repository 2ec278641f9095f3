/**
 * Hands a request to the app Worker, WebSocket upgrades too. The app learns who asks and the trace id; the caller's
 * credential stays here. Call only after the guards: the app trusts these headers.
 */
import type { Context } from "hono";
import { encodePrincipal, gatewayHeaderPrefix, principalHeader } from "../../shared/access/principal-header.ts";
import { bearerSubprotocol } from "../../shared/access/presented.ts";
import type { Principal } from "../../shared/access/principal.ts";
import { canonicalPath } from "../../shared/http/path.ts";
import { traceparentOf } from "../../shared/http/trace.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { AppEnv } from "./app-env.ts";
import { problem } from "./problems.ts";

export async function forwardToApp(c: Context<AppEnv>): Promise<Response> {
  const { APP } = c.env;
  if (!APP) return problem(c, "no_such_route");
  const principal = c.get("principal") as Principal | undefined;
  try {
    return await APP.fetch(requestForApp(c.req.raw, principal, c.var.traceId, c.var.spanId));
  } catch (cause) {
    if (c.req.raw.signal.aborted) return problem(c, "app_unavailable");
    log.error("app.unreachable", { trace_id: c.var.traceId, error: describeError(cause) });
    return problem(c, "app_unavailable");
  }
}

/** @param principal undefined for what anyone may have. */
export function requestForApp(
  request: Request,
  principal: Principal | undefined,
  traceId: string,
  spanId?: string,
): Request {
  const headers = new Headers(request.headers);
  const claimed = [...headers.keys()].filter((name) => name.startsWith(gatewayHeaderPrefix));
  for (const name of [...claimed, "authorization"]) headers.delete(name);
  const subprotocols = headers.get("sec-websocket-protocol");
  if (subprotocols !== null) setOrDelete(headers, "sec-websocket-protocol", withoutBearers(subprotocols));
  headers.set("traceparent", traceparentOf(traceId, spanId));
  if (principal) headers.set(principalHeader, encodePrincipal(principal));
  // A redirect is the client's to follow.
  // A guard that had to see that there is no body has read it: there is nothing of it to hand on.
  const from = request.bodyUsed ? { method: request.method } : request;
  return new Request(new Request(addressForApp(request.url), from), {
    headers,
    redirect: "manual",
    // A caller who leaves ends what the app does for it.
    signal: request.signal,
  });
}

/** Without the credential, and with the path in the spelling that the gateway read (SPEC N1). */
function addressForApp(address: string): string {
  const url = new URL(address);
  const path = canonicalPath({ url: address });
  // Left as it is where nothing has to change: writing a query anew may spell it differently.
  if (path !== url.pathname) url.pathname = path;
  if (url.searchParams.has("token")) url.searchParams.delete("token");
  return url.href;
}

function withoutBearers(offer: string): string {
  const names = offer.split(",").map((name) => name.trim());
  return names.filter((name) => !name.startsWith(bearerSubprotocol)).join(", ");
}

function setOrDelete(headers: Headers, name: string, value: string): void {
  if (value === "") headers.delete(name);
  else headers.set(name, value);
}
