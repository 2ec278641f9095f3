/**
 * What stands before every route: the names in its path, the upgrade it needs, who asks, how often, and whether they may.
 * A socket's client is told on the socket, since a browser can't read a refused handshake (SPEC W7).
 */
import type { Context, MiddlewareHandler } from "hono";
import { wireErrors } from "../../../../schemas/wire/errors.ts";
import { ok } from "../../../../schemas/lib/result.ts";
import type { Operation } from "../../../../schemas/http/operations.ts";
import { ApiKeyStore } from "../../../shared/access/api-keys.ts";
import { authenticate } from "../../../shared/access/authenticate.ts";
import { permit } from "../../../shared/access/principal.ts";
import type { AppEnv } from "../app-env.ts";
import { nameRefusal } from "./parameters.ts";
import { problem } from "../problem.ts";
import { refuseSocket } from "../refuse-socket.ts";
import { countRequest } from "./request-rate.ts";
import { tokenSettings } from "../token-settings.ts";
import { isUpgrade } from "../upgrade.ts";

/** The door of one route. */
export function doorOf(operation: Operation): MiddlewareHandler<AppEnv> {
  const { access, isSocket = false } = operation;
  return async (c, next) => {
    const badName = nameRefusal(c);
    if (badName) return badName;
    if (isSocket && !isUpgrade(c)) {
      const detail = "Connect with a WebSocket client: this route takes an Upgrade request.";
      return problem(c, "upgrade_required", detail, { upgrade: "websocket" });
    }
    const refusal = access === "public" ? undefined : await refusalOf(c, access);
    if (refusal) return isSocket ? onSocket(c, refusal) : overHttp(c, refusal);
    await next();
    return undefined;
  };
}

/**
 * The guard of what is in no table: the app alone knows what is there and who may have it, but nobody gets as far without a
 * credential and within the limit of requests. Where no app is bound there is nothing to guard.
 */
export const unlistedDoor: MiddlewareHandler<AppEnv> = async (c, next) => {
  const refusal = c.env.APP ? await refusalOf(c, undefined) : undefined;
  if (refusal) return isUpgrade(c) ? onSocket(c, refusal) : overHttp(c, refusal);
  await next();
  return undefined;
};

interface Refusal {
  readonly code: "unauthorized" | "token_expired" | "keys_unavailable" | "forbidden" | "rate_limited";
  readonly detail: string;
  readonly retryAfterMs?: number;
}

/** Lets the caller in, under its name; or says why not. @param access undefined: whoever has a credential. */
async function refusalOf(
  c: Context<AppEnv>,
  access: Exclude<Operation["access"], "public"> | undefined,
): Promise<Refusal | undefined> {
  const { authMode } = c.var.config.access;
  const keys = new ApiKeyStore(c.env.DB);
  const deps = {
    authMode,
    tokens: tokenSettings(c.var.config),
    findKey: (key: string) => keys.find(key),
    now: () => Date.now(),
  };
  const authenticated = await authenticate(deps, c.req.raw);
  if (!authenticated.ok) return authenticated.error;
  const principal = authenticated.value;
  // Before it is asked whether they may: guessing counts as well.
  const tooMany = await countRequest(c, principal);
  if (tooMany) return { code: "rate_limited", ...tooMany };
  const permitted = access ? permit(principal, access, c.req.param("session_id")) : ok(undefined);
  if (!permitted.ok) return { code: "forbidden", detail: permitted.error };
  c.set("principal", principal);
  return undefined;
}

function overHttp(c: Context<AppEnv>, { code, detail, retryAfterMs = 1_000 }: Refusal): Response {
  const retry = { "retry-after": String(Math.ceil(retryAfterMs / 1_000)) };
  switch (code) {
    case "unauthorized":
      return problem(c, code, detail, { "www-authenticate": "Bearer" });
    case "token_expired":
      // RFC 6750 §3.1
      return problem(c, code, detail, { "www-authenticate": 'Bearer error="invalid_token"' });
    case "forbidden":
      return problem(c, code, detail);
    case "keys_unavailable":
    case "rate_limited":
      return problem(c, code, detail, retry);
  }
}

function onSocket(c: Context<AppEnv>, { code, detail, retryAfterMs }: Refusal): Response {
  const told = code === "keys_unavailable" ? "internal" : code;
  return refuseSocket(c, {
    type: "error",
    code: told,
    detail,
    retryable: wireErrors[told].retryable,
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  });
}
