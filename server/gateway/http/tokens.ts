/** `POST /v1/sessions/:session_id/tokens`: a token for one session, one role, some minutes. */
import type { Context } from "hono";
import type * as z from "zod";
import { type mintAnswerSchema, mintBodySchema } from "../../../schemas/access.ts";
import { limits } from "../../../schemas/limits.ts";
import { mayRead, permitMinting } from "../../shared/access/principal.ts";
import { mintToken, type TokenConfig } from "../../shared/access/session-tokens.ts";
import type { Config } from "../../shared/config/config.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf, sessionIdOf } from "./guards/parameters.ts";
import { problem } from "./problems.ts";
import { roomOf } from "./rooms.ts";

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
  const { role, tracks, sub: subject = crypto.randomUUID(), lifetime_s: askedS } = body.value;
  const { principal } = c.var;
  const permitted = permitMinting(principal, role);
  if (!permitted.ok) return problem(c, { reason: "forbidden", detail: permitted.error });
  const sessionId = sessionIdOf(c);
  if (!(await roomOf(c, sessionId).call("exists"))) return problem(c, "session_not_found");
  const lifetimeS = Math.min(askedS, config.maxLifetimeS);
  const { tenant } = principal;
  const reads = mayRead(principal);
  const minted = await mintToken(config, { tenant, sessionId, subject, role, tracks, reads, lifetimeS }, Date.now());
  const answer: z.infer<typeof mintAnswerSchema> = {
    token: minted.token,
    session_id: sessionId,
    sub: subject,
    role,
    ...(tracks ? { tracks } : {}),
    ...(reads ? {} : { reads }),
    expires_at: minted.expiresAt.toISOString(),
  };
  return c.json(answer, 201);
}
