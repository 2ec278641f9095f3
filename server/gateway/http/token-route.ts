/** `POST /v1/sessions/:session_id/tokens`: a token for one session, one role, some minutes. */
import type { Context } from "hono";
import type * as z from "zod";
import { type mintAnswerSchema, mintBodySchema } from "../../../schemas/access.ts";
import { limits } from "../../../schemas/limits.ts";
import { mintToken } from "../../shared/access/session-tokens.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf, sessionIdOf } from "./guards/parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";
import { tokenSettings } from "./token-settings.ts";

export async function mintTokenRoute(c: Context<AppEnv>): Promise<Response> {
  const settings = tokenSettings(c.var.config);
  if (settings.secrets.length === 0) {
    return problem(c, "tokens_not_set_up", "The installation has no JWT_SECRET to sign tokens with.");
  }
  const body = await bodyOf(c, mintBodySchema, limits.maxMintBodyBytes);
  if (!body.ok) return body.error;
  const { role, tracks, sub: subject = crypto.randomUUID(), lifetime_s: askedS } = body.value;
  const sessionId = sessionIdOf(c);
  if (!(await roomOf(c, sessionId).call("exists"))) return sessionNotFound(c);
  const lifetimeS = Math.min(askedS, settings.maxLifetimeS);
  const { tenant } = c.var.principal;
  const minted = await mintToken(settings, { tenant, sessionId, subject, role, tracks, lifetimeS }, Date.now());
  const answer: z.infer<typeof mintAnswerSchema> = {
    token: minted.token,
    session_id: sessionId,
    sub: subject,
    role,
    ...(tracks ? { tracks } : {}),
    expires_at: minted.expiresAt.toISOString(),
  };
  return c.json(answer, 201);
}
