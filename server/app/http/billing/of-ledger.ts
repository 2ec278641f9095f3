/** What routes of billing have in common: the ledger of the caller's tenant, and what is said while it can't be reached. */
import type { Context } from "hono";
import type * as z from "zod";
import type { Result } from "../../../../schemas/lib/result.ts";
import type { HttpErrorCode } from "../../../../schemas/wire/errors.ts";
import { problemResponse } from "../../../shared/http/problem-response.ts";
import { readJsonBody } from "../../../shared/http/read-json-body.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import type { BillingLedgerDO } from "../../billing/index.ts";
import type { AppEnv } from "../app-env.ts";
import { bodyRefusal } from "../speech/body-refusal.ts";
import type { Refusal } from "../speech/refusals.ts";

const soonSeconds = 5;

/** Answers with the tenant's own ledger: who asks names no other (SPEC T1). */
export async function withLedger(
  c: Context<AppEnv>,
  answer: (ledger: DurableObjectStub<BillingLedgerDO>) => Promise<Response>,
): Promise<Response> {
  const { principal, traceId } = c.var;
  if (!principal) throw new Error("a route of billing without a caller");
  try {
    return await answer(c.env.BILLING_LEDGER.getByName(principal.tenant));
  } catch (cause) {
    log.error("billing.unavailable", { tenant: principal.tenant, trace_id: traceId, error: describeError(cause) });
    return later(c, "ledger_unavailable", "The ledger did not answer. Send the same again: an id counts once.");
  }
}

export function later(c: Context<AppEnv>, code: HttpErrorCode, detail: string): Response {
  return problemResponse(code, detail, c.var.traceId, { "retry-after": String(soonSeconds) });
}

export function refuse(c: Context<AppEnv>, { code, detail }: Refusal): Response {
  return problemResponse(code, detail, c.var.traceId);
}

/** The body, or why it is not taken. */
export async function bodyOf<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  maxBytes: number,
): Promise<Result<T, Refusal>> {
  const body = await readJsonBody(c.req.raw, schema, maxBytes);
  return body.ok ? body : { ok: false, error: bodyRefusal(body.error) };
}
