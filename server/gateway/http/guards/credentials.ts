/**
 * What stands before every route: the names in its path, the upgrade it needs, who asks, how often, and whether they may.
 * A socket's client that shows a credential gets the refusal on the socket, since a browser can't read a refused handshake (SPEC W7).
 */
import type { Context, MiddlewareHandler } from "hono";
import { err, ok } from "../../../../schemas/lib/result.ts";
import type { Operation } from "../../../../schemas/http/operations.ts";
import { ApiKeyStore } from "../../../shared/access/api-keys.ts";
import { authenticate } from "../../../shared/access/authenticate.ts";
import { mayBeGood } from "../../../shared/access/key-screen.ts";
import { switchedOffRetryMs } from "../../../../schemas/switches.ts";
import { switchesOf } from "../../../shared/switches/of-installation.ts";
import { permit } from "../../../shared/access/principal.ts";
import type { AppEnv } from "../app-env.ts";
import { problem } from "../problems.ts";
import { isUpgrade, refuseUpgrade, type UpgradeRefusal } from "../sockets.ts";
import { tokenConfigOf } from "../tokens.ts";
import { keyRefusal } from "./idempotency.ts";
import { nameRefusal, surplusRefusal } from "./parameters.ts";
import { countOnRoute, countRequest } from "./rate.ts";
import { countStranger, isLimited, type TooManyStrangers } from "./strangers.ts";

/** The guard of one route. */
export function guardOf(operation: Operation): MiddlewareHandler<AppEnv> {
  const { access, isSocket = false, perMinute, switchedBy: area } = operation;
  return async (c, next) => {
    const badName = nameRefusal(c, operation);
    if (badName) return problem(c, badName);
    if (isSocket && !isUpgrade(c)) return problem(c, "no_upgrade");
    const refusal = access === "public" ? undefined : await refusalOf(c, access, perMinute);
    if (refusal) return refuse(c, refusal, isSocket);
    if (area !== undefined && (await switchesOf(c.env.DB).isOff(area))) {
      return refuse(c, { reason: "switched_off", area, retryAfterMs: switchedOffRetryMs }, isSocket);
    }
    // After the credential: a stranger learns nothing of what a route takes.
    const surplus = await surplusRefusal(c, operation);
    if (surplus) return problem(c, surplus);
    const badKey = keyRefusal(c, operation);
    if (badKey) return problem(c, badKey);
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
  if (refusal) return refuse(c, refusal, isUpgrade(c));
  await next();
  return undefined;
};

/** Why a request goes no further than its guard. */
type Refusal = UpgradeRefusal | { readonly reason: "no_credential" } | TooManyStrangers;

/**
 * On the socket where somebody is there to learn it. Who shows no credential at all, or too many that are not valid, is refused at
 * the handshake, which costs nothing and holds no connection.
 */
function refuse(c: Context<AppEnv>, refusal: Refusal, isSocket: boolean): Response {
  if (refusal.reason === "no_credential" || refusal.reason === "too_many_strangers") return problem(c, refusal);
  return isSocket ? refuseUpgrade(c, refusal) : problem(c, refusal);
}

/** Lets the caller in, under its name; or says why not. @param access undefined: whoever has a credential. */
async function refusalOf(
  c: Context<AppEnv>,
  access: Exclude<Operation["access"], "public"> | undefined,
  perMinute?: Operation["perMinute"],
): Promise<Refusal | undefined> {
  const keys = new ApiKeyStore(c.env.DB);
  const deps = {
    authMode: c.var.config.access.authMode,
    tokens: tokenConfigOf(c.var.config),
    // A token is looked at in less time than anything takes that could spare it; a key costs a read of D1.
    findKey: async (key: string) =>
      isLimited(c) && !(await mayBeGood(c.env.DB, key, Date.now())) ? err("unknown" as const) : keys.find(key),
    now: () => Date.now(),
  };
  const authenticated = await authenticate(deps, c.req.raw);
  if (!authenticated.ok) {
    const { error } = authenticated;
    // That D1 does not answer is nobody's fault who asks.
    return (error.reason === "keys_unavailable" ? undefined : await countStranger(c)) ?? error;
  }
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
