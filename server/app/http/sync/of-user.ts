/** What routes of sync have in common: the object of the caller's own documents, and what is said while it can't be reached. */
import type { Context } from "hono";
import type { Principal } from "../../../shared/access/principal.ts";
import { problemResponse } from "../../../shared/http/problem-response.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { ownDocumentsOf } from "../../sync/index.ts";
import type { SyncDO } from "../../sync/index.ts";
import type { AppEnv } from "../app-env.ts";
import type { Refusal } from "../speech/refusals.ts";

const soonSeconds = 5;

export function callerOf(c: Context<AppEnv>): Principal {
  const { principal } = c.var;
  if (!principal) throw new Error("a route of sync without a caller");
  return principal;
}

/** Answers with the caller's own object: who asks names no other. */
export async function withOwn(
  c: Context<AppEnv>,
  answer: (own: DurableObjectStub<SyncDO>) => Promise<Response>,
): Promise<Response> {
  return reached(c, () => answer(c.env.SYNC.getByName(ownDocumentsOf(callerOf(c)))));
}

export async function reached(c: Context<AppEnv>, answer: () => Promise<Response>): Promise<Response> {
  const { traceId } = c.var;
  try {
    return await answer();
  } catch (cause) {
    if (c.req.raw.signal.aborted) return refuse(c, unavailable);
    log.error("sync.unavailable", { tenant: callerOf(c).tenant, trace_id: traceId, error: describeError(cause) });
    return refuse(c, unavailable);
  }
}

const unavailable: Refusal = {
  code: "sync_unavailable",
  detail: "What is synced did not answer. Send the same again: a push_id counts once.",
  retryAfterSeconds: soonSeconds,
};

export function refuse(c: Context<AppEnv>, { code, detail, retryAfterSeconds }: Refusal): Response {
  const headers = retryAfterSeconds === undefined ? {} : { "retry-after": String(retryAfterSeconds) };
  return problemResponse(code, detail, c.var.traceId, headers);
}
