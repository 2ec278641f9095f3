/** What routes of a session have in common: who asks about which one, and how they are refused. */
import type { Context } from "hono";
import { sessionIdSchema } from "../../../schemas/names.ts";
import type { HttpErrorCode } from "../../../schemas/wire/errors.ts";
import type { Principal } from "../../shared/access/principal.ts";
import { problemResponse } from "../../shared/http/problem-response.ts";
import type { AppEnv } from "./app-env.ts";

export interface SessionCaller {
  readonly session: { readonly tenant: Principal["tenant"]; readonly session_id: string };
  readonly principal: Principal;
}

export function callerOf(c: Context<AppEnv>): SessionCaller {
  const { principal } = c.var;
  if (!principal) throw new Error("a route of a session without a caller");
  const session_id = sessionIdSchema.parse(c.req.param("session_id"));
  return { session: { tenant: principal.tenant, session_id }, principal };
}

export function refuseSession(c: Context<AppEnv>, reason: string): Response {
  if (reason === "session_deleted") return refuse(c, "session_deleted", "The session was deleted.");
  return refuse(c, "session_not_found", "No session with this id was ever opened.");
}

export function refuse(c: Context<AppEnv>, code: HttpErrorCode, detail: string): Response {
  return problemResponse(code, detail, c.var.traceId);
}
