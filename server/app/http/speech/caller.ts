/** Whose call it is, and until when: out of a request's context. */
import type { Context } from "hono";
import { defaultTenant } from "../../../../schemas/names.ts";
import { subjectOf } from "../../../shared/access/principal.ts";
import { openSpeech, type TenantSpeech } from "../../ai/index.ts";
import type { Result } from "../../../../schemas/lib/result.ts";
import type { Call } from "../../ai/ports.ts";
import type { AppEnv } from "../app-env.ts";

export function callOf(c: Context<AppEnv>): Call {
  const { principal, traceId } = c.var;
  return {
    tenant: principal?.tenant ?? defaultTenant,
    subject: principal && subjectOf(principal),
    traceId,
    route: `${c.req.method} ${c.req.path}`,
    signal: c.req.raw.signal,
  };
}

/** The models of whoever asks. */
export function speechOf(c: Context<AppEnv>): Promise<Result<TenantSpeech, string[]>> {
  return openSpeech(c.env, callOf(c).tenant, (work) => c.executionCtx.waitUntil(work));
}
