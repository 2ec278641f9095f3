/**
 * What stands before every route: the names in its path, the upgrade it needs, who asks, how often, and whether they may.
 * A socket's client gets the refusal on the socket, since a browser can't read a refused handshake (SPEC W7).
 */
import type { Context, MiddlewareHandler } from "hono";
import { ok } from "../../../../schemas/lib/result.ts";
import type { Operation } from "../../../../schemas/http/operations.ts";
import { ApiKeyStore } from "../../../shared/access/api-keys.ts";
import { authenticate } from "../../../shared/access/authenticate.ts";
import { permit } from "../../../shared/access/principal.ts";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../problems.ts";
import { isUpgrade, refuseUpgrade, type UpgradeRefusal } from "../sockets.ts";
import { tokenConfigOf } from "../tokens.ts";
import { nameRefusal, surplusRefusal } from "./parameters.ts";
import { countOnRoute, countRequest } from "./rate.ts";

/** The guard of one route. */
export function guardOf(operation: Operation): MiddlewareHandler<AppEnv> {
  const { access, isSocket = false, perMinute } = operation;
  return async (c, next) => {
    const badName = nameRefusal(c, operation);
    if (badName) return problem(c, badName);
    if (isSocket && !isUpgrade(c)) return problem(c, "no_upgrade");
    const refusal = access === "public" ? undefined : await refusalOf(c, access, perMinute);
    if (refusal) return isSocket ? refuseUpgrade(c, refusal) : problem(c, refusal);
    // After the credential: a stranger learns nothing of what a route takes.
    const surplus = await surplusRefusal(c, operation);
    if (surplus) return problem(c, surplus);
    await next();
    return undefined;
  };
}

/**
 * The guard of what is in no table: the app alone knows what is there and who may have it, but nobody gets as far without a
 * credential and within the limit of requests. Where no app is bound there is nothing to guard.
 */
export const unlistedGuard: MiddlewareHandler<AppEnv> = async (c, next) => {
  const refusal = c.env.APP ? await refusalOf(c, undefined) : undefined;
  if (refusal) return isUpgrade(c) ? refuseUpgrade(c, refusal) : problem(c, refusal);
  await next();
  return undefined;
};

/** Lets the caller in, under its name; or says why not. @param access undefined: whoever has a credential. */
async function refusalOf(
  c: Context<AppEnv>,
  access: Exclude<Operation["access"], "public"> | undefined,
  perMinute?: Operation["perMinute"],
): Promise<UpgradeRefusal | undefined> {
  const keys = new ApiKeyStore(c.env.DB);
  const deps = {
    authMode: c.var.config.access.authMode,
    tokens: tokenConfigOf(c.var.config),
    findKey: (key: string) => keys.find(key),
    now: () => Date.now(),
  };
  const authenticated = await authenticate(deps, c.req.raw);
  if (!authenticated.ok) return authenticated.error;
  const principal = authenticated.value;
  // Counted before it is asked whether they may: guessing counts as well.
  const tooMany = await countRequest(c, principal);
  if (tooMany) return tooMany;
  const permitted = access ? permit(principal, access, c.req.param("session_id")) : ok(undefined);
  if (!permitted.ok) return { reason: "forbidden", detail: permitted.error };
  const tooManyHere = perMinute && (await countOnRoute(c, principal, perMinute));
  if (tooManyHere) return tooManyHere;
  c.set("principal", principal);
  return undefined;
}
