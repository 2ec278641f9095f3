/** From what a request presents to who asks. */
import { defaultTenant } from "../../../schemas/names.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { describeError, log } from "../telemetry/log.ts";
import type { ApiKey, ApiKeyRefusal } from "./api-keys.ts";
import { presentedCredential } from "./presented.ts";
import type { Principal } from "./principal.ts";
import { type TokenConfig, type TokenRefusal, verifyToken } from "./session-tokens.ts";

export interface AccessDeps {
  readonly authMode: "required" | "off";
  readonly tokens: TokenConfig;
  readonly findKey: (key: string) => Promise<Result<ApiKey, ApiKeyRefusal>>;
  readonly now: () => number;
}

/** Why a request is from nobody known; with a sentence for the caller, where one reason has many. */
export type AccessRefusal =
  | TokenRefusal
  | { readonly reason: "no_credential" }
  | { readonly reason: "keys_unavailable" };

const keyDetails: Readonly<Record<ApiKeyRefusal, string>> = {
  unknown: "There is no such API key.",
  revoked: "The API key was revoked.",
  expired: "The API key has expired.",
};

/** Who sent the request. With `AUTH_MODE=off` whatever it presents is passed over. */
export async function authenticate(deps: AccessDeps, request: Request): Promise<Result<Principal, AccessRefusal>> {
  if (deps.authMode === "off") return ok({ kind: "anyone", tenant: defaultTenant });
  const presented = presentedCredential(request);
  if (!presented.ok) return unauthorized(presented.error);
  if (!presented.value) return err({ reason: "no_credential" });
  const { kind, text } = presented.value;
  return kind === "key" ? byKey(deps, text) : byToken(deps, text);
}

async function byKey({ findKey }: AccessDeps, text: string): Promise<Result<Principal, AccessRefusal>> {
  try {
    const found = await findKey(text);
    return found.ok ? ok({ kind: "key", ...found.value }) : unauthorized(keyDetails[found.error]);
  } catch (cause) {
    // Nobody is let in while keys can't be read (SPEC P10).
    log.warn("keys.not_read", { error: describeError(cause) });
    return err({ reason: "keys_unavailable" });
  }
}

async function byToken({ tokens, now }: AccessDeps, text: string): Promise<Result<Principal, AccessRefusal>> {
  const verified = await verifyToken(tokens, text, now());
  if (!verified.ok) return verified;
  const { tenant, subject, sessionId, role, tracks, reads, expiresAt } = verified.value;
  return ok({ kind: "token", tenant, subject, sessionId, role, tracks, reads, expiresAt });
}

function unauthorized(detail: string): Result<never, AccessRefusal> {
  return err({ reason: "unauthorized", detail });
}
