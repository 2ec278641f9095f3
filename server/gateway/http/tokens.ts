/**
 * `POST /v1/sessions/:session_id/tokens`: a token for one session, one role, some minutes. Where `open` is asked, the session is
 * opened first, as `POST /v1/sessions` opens it (SPEC P19), once it is known that the token can be made.
 */
import type { Context } from "hono";
import { type MintAnswer, type MintBody, mintBodySchema } from "../../../schemas/access.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import { mayRead, permitMinting } from "../../shared/access/principal.ts";
import { mintToken, type TokenConfig } from "../../shared/access/session-tokens.ts";
import type { Config } from "../../shared/config/config.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf, sessionIdOf } from "./guards/parameters.ts";
import { problem, type Reason } from "./problems.ts";
import { roomOf } from "./rooms.ts";
import { webhookUrlRefusal } from "./webhooks.ts";

/** How this deployment signs and checks session tokens. */
export function tokenConfigOf({ access, limits: { maxTokenLifetimeS, tokenClockSkewS } }: Config): TokenConfig {
  const { jwtSecrets, audience } = access;
  return { secrets: jwtSecrets, audience, maxLifetimeS: maxTokenLifetimeS, clockSkewS: tokenClockSkewS };
}

export async function mintTokenRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, mintBodySchema, limits.maxMintBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const config = tokenConfigOf(c.var.config);
  if (config.secrets.length === 0) return problem(c, "tokens_not_set_up");
  const { role, tracks, sub: subject = crypto.randomUUID(), lifetime_s: askedS, open } = body.value;
  const { principal } = c.var;
  const permitted = permitMinting(principal, role, open !== undefined);
  if (!permitted.ok) return problem(c, { reason: "forbidden", detail: permitted.error });
  const sessionId = sessionIdOf(c);
  const found = await (open ? openSession(c, sessionId, open) : findSession(c, sessionId));
  if (!found.ok) return problem(c, found.error);
  const lifetimeS = Math.min(askedS, config.maxLifetimeS);
  const { tenant } = principal;
  const reads = mayRead(principal);
  const minted = await mintToken(config, { tenant, sessionId, subject, role, tracks, reads, lifetimeS }, Date.now());
  const answer: MintAnswer = {
    token: minted.token,
    session_id: sessionId,
    sub: subject,
    role,
    ...(tracks ? { tracks } : {}),
    ...(reads ? {} : { reads }),
    expires_at: minted.expiresAt.toISOString(),
    ...found.value,
  };
  return c.json(answer, 201);
}

type Found = Pick<MintAnswer, "opened">;

async function findSession(c: Context<AppEnv>, sessionId: string): Promise<Result<Found, Reason>> {
  return (await roomOf(c, sessionId).call("exists")) ? ok({}) : err("session_not_found");
}

async function openSession(
  c: Context<AppEnv>,
  sessionId: string,
  { session_id: named = sessionId, ...settings }: NonNullable<MintBody["open"]>,
): Promise<Result<Found, Reason>> {
  if (named !== sessionId) {
    return err({
      reason: "bad_body",
      field: "open.session_id",
      message: "must be the session of the path, or left out",
    });
  }
  const refusal = webhookUrlRefusal(c.var.config, settings.webhook_url);
  if (refusal) return err(refusal);
  const created = await roomOf(c, sessionId).call("create", settings);
  return created.ok ? ok({ opened: created.value.isNew }) : err(created.error);
}
