/**
 * The Worker as a deployment runs it, with `AUTH_MODE=required`; and the credentials that its tests come with: keys as
 * `npm run keys` puts them into D1, tokens as any backend signs them.
 */
import { createExecutionContext } from "cloudflare:test";
import { SignJWT } from "jose";
import type { Scope } from "../../../schemas/access.ts";
import { insertKey } from "../../../scripts/keys/keys-sql.ts";
import { hashSecret } from "../../../server/shared/access/api-keys.ts";
import type { Env } from "../../../server/gateway/env.ts";
import { bindings } from "./bindings.ts";
import { clock } from "./clock.ts";
import worker from "./worker.ts";

export const jwtSecret = "the-secret-of-these-tests-at-least-32-bytes";
export const ownOrigin = "https://gateway.test";

export type Gateway = (path: string, init?: RequestInit) => Promise<Response>;

/** A Worker with these variables, and bindings, instead of those that all tests share. @param origin that it is asked at. */
export function gatewayWith(variables: Readonly<Record<string, unknown>>, origin = ownOrigin): Gateway {
  const env = { ...bindings, ...variables } as Env;
  return async (path, init = {}) => {
    const request = new Request<unknown, IncomingRequestCfProperties>(`${origin}${path}`, init as RequestInit<never>);
    return worker.fetch(request, env, createExecutionContext());
  };
}

export const required = { AUTH_MODE: "required", JWT_SECRET: jwtSecret } as const;
/** Asks for credentials, and counts no requests. */
export const guarded = gatewayWith({ ...required, RATE_LIMIT_PER_MINUTE: "off" });

export interface TestKey {
  readonly keyId: string;
  /** All of it. */
  readonly key: string;
}

interface KeyOptions {
  readonly expiresAt?: number;
  readonly isRevoked?: boolean;
}

/** A key in D1. */
export async function keyFor(tenant: string, scopes: readonly Scope[], options: KeyOptions = {}): Promise<TestKey> {
  const { keyId, key, secret } = newKey();
  const { sql, values } = insertKey({
    keyId,
    tenant,
    name: "test",
    scopes,
    hash: hashSecret(secret),
    createdAt: 0,
    expiresAt: options.expiresAt ?? null,
  });
  await bindings.DB.prepare(sql)
    .bind(...values)
    .run();
  if (options.isRevoked) {
    await bindings.DB.prepare("UPDATE api_keys SET revoked_at = 1 WHERE key_id = ?").bind(keyId).run();
  }
  return { keyId, key };
}

/** A key that nobody knows. */
export function newKey(): TestKey & { readonly secret: string } {
  const keyId = crypto.randomUUID().replaceAll("-", "").slice(0, 12);
  const secret = crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
  return { keyId, secret, key: `rt_${keyId}_${secret}` };
}

/** A token that lives for five minutes from now, with these claims instead. @param secret it is signed with. */
export function tokenWith(claims: Readonly<Record<string, unknown>>, secret = jwtSecret): Promise<string> {
  const nowS = Math.floor(clock.now() / 1_000);
  return new SignJWT({ sub: "ada", iat: nowS, exp: nowS + 300, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}

export const bearer = (credential: string): Record<string, string> => ({ authorization: `Bearer ${credential}` });
