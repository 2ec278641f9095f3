/**
 * Idempotency keys (SPEC S3): reading the header, and what a key stands for: its caller, and the digest of what is asked. The
 * room keeps the answers; a session that is to be opened has no room yet, so its tenant's `TenantQuota` keeps which one it is.
 */
import { createHash } from "node:crypto";
import type { Context } from "hono";
import { toHex } from "../../../../schemas/chain.ts";
import type { Operation } from "../../../../schemas/http/operations.ts";
import { idempotencyHeaders, idempotencyKeySchema } from "../../../../schemas/http/queries.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { subjectOf } from "../../../shared/access/principal.ts";
import { canonicalPath } from "../../../shared/http/path.ts";
import { canonicalJson } from "../../../shared/json/canonical-json.ts";
import { bindSessionKey, freeSessionKey } from "../../../shared/limits/limiter-access.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import type { AppEnv } from "../app-env.ts";
import type { Reason } from "../problems.ts";
import type { KeyedRequest } from "../../core/idempotent-requests.ts";

/** Notes the key of a request to a route that goes by it. @returns why it is none. */
export function keyRefusal(c: Context<AppEnv>, { underKey }: Operation): Reason | undefined {
  if (underKey === undefined) return undefined;
  const [key, ...others] = idempotencyHeaders.flatMap((name) => c.req.header(name) ?? []);
  if (key === undefined) return undefined;
  if (others.some((other) => other !== key) || !idempotencyKeySchema.safeParse(key).success) {
    return "bad_idempotency_key";
  }
  c.set("idempotency", { key, answer: underKey });
  return undefined;
}

/** What the request is under its key; undefined where it has none. Call once its body was read. */
export function keyedRequest(c: Context<AppEnv>): KeyedRequest | undefined {
  const { idempotency, principal } = c.var;
  if (!idempotency) return undefined;
  const asked = canonicalJson([c.req.method, canonicalPath(c.req.raw), c.var.askedBody ?? {}]);
  const digest = toHex(createHash("sha256").update(new TextEncoder().encode(asked)).digest());
  return { ...idempotency, subject: subjectOf(principal), digest };
}

/** The session that a request to open one stands for. */
export interface BoundSession {
  readonly sessionId: string;
  /** Call where nothing came of the request: the key is free again. */
  readonly free: () => Promise<void>;
}

/** @param sessionId the one that is asked for, or a new one. */
export async function bindSession(c: Context<AppEnv>, sessionId: string): Promise<Result<BoundSession, Reason>> {
  const asked = keyedRequest(c);
  if (!asked || asked.digest === null) return ok({ sessionId, free: async () => undefined });
  const { subject, key, digest } = asked;
  const { tenant } = c.var.principal;
  const failed = (cause: unknown): void =>
    log.warn("idempotency.unavailable", { trace_id: c.var.traceId, error: describeError(cause) });
  try {
    const bound = await bindSessionKey(c.env.TENANT_QUOTA, tenant, { subject, key, digest, sessionId });
    if (bound.kind === "mismatch") return err("idempotency_mismatch");
    const free = async (): Promise<void> => {
      if (bound.isNew) await freeSessionKey(c.env.TENANT_QUOTA, tenant, subject, key, sessionId).catch(failed);
    };
    return ok({ sessionId: bound.sessionId, free });
  } catch (cause) {
    failed(cause);
    return err("idempotency_unavailable");
  }
}
