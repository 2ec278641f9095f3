/** A session itself: `POST` and `GET /v1/sessions`, `GET`, `PATCH` and `DELETE /v1/sessions/:session_id`, and its state. */
import type { Context } from "hono";
import { listQuerySchema, stateQuerySchema } from "../../../schemas/http/queries.ts";
import { createSessionBodySchema, sessionConfigSchema } from "../../../schemas/http/sessions.ts";
import { limits } from "../../../schemas/limits.ts";
import { d1ListTimeoutMs } from "../../shared/config/timings.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { parseCursor } from "../lifecycle/session-list-cursor.ts";
import { SessionIndex } from "../lifecycle/session-list.ts";
import type { AppEnv } from "./app-env.ts";
import { bindSession } from "./guards/idempotency.ts";
import { bodyOf, queryOf } from "./guards/parameters.ts";
import { problem } from "./problems.ts";
import { etagOf, matchesEtag } from "./ranges.ts";
import { roomOf } from "./rooms.ts";
import { webhookUrlRefusal } from "./webhooks.ts";
import { noCentroids, withoutCentroids } from "./without-centroids.ts";

export async function listSessionsRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, listQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const { cursor, limit, ...filters } = query.value;
  const after = cursor === undefined ? undefined : parseCursor(cursor);
  if (cursor !== undefined && !after) return problem(c, "bad_cursor");
  const request = { tenant: c.var.principal.tenant, filters, limit, after };
  try {
    return c.json(await withTimeout(new SessionIndex(c.env.DB).page(request), d1ListTimeoutMs, "D1 read"));
  } catch (cause) {
    log.warn("index.read_failed", { trace_id: c.var.traceId, error: describeError(cause) });
    return problem(c, "list_unavailable");
  }
}

export async function createSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, createSessionBodySchema, limits.maxSessionBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const { session_id: asked = crypto.randomUUID(), ...settings } = body.value;
  const refusal = webhookUrlRefusal(c.var.config, settings.webhook_url);
  if (refusal) return problem(c, refusal);
  const bound = await bindSession(c, asked);
  if (!bound.ok) return problem(c, bound.error);
  const { sessionId, free } = bound.value;
  const created = await roomOf(c, sessionId).call("create", settings);
  if (!created.ok) {
    await free();
    return problem(c, created.error);
  }
  const { isNew, ...answer } = created.value;
  return c.json(answer, isNew ? 201 : 200, { location: `/v1/sessions/${sessionId}/state` });
}

export async function getSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const session = await roomOf(c).call("session");
  return session.ok ? c.json(session.value) : problem(c, session.error);
}

export async function configureSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, sessionConfigSchema, limits.maxSessionBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const refusal = webhookUrlRefusal(c.var.config, body.value.webhook_url);
  if (refusal) return problem(c, refusal);
  const configured = await roomOf(c).call("configure", body.value);
  return configured.ok ? c.json(configured.value) : problem(c, configured.error);
}

export async function deleteSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const removed = await roomOf(c).call("remove");
  if (!removed.ok) return problem(c, removed.error);
  return c.json(removed.value.answer, removed.value.done ? 200 : 202);
}

export async function stateRoute(c: Context<AppEnv>): Promise<Response> {
  const query = queryOf(c, stateQuerySchema);
  if (!query.ok) return problem(c, query.error);
  const hasCentroids = query.value.include === "centroids";
  if (hasCentroids && c.var.principal.kind === "token") return problem(c, noCentroids);
  const state = await roomOf(c).call("describe");
  if (!state) return problem(c, "session_not_found");
  const text = JSON.stringify(hasCentroids ? state : withoutCentroids(state));
  const etag = etagOf(text);
  // Voices stay in nobody's cache.
  const headers = { etag, "cache-control": hasCentroids ? "no-store" : "private, no-cache" };
  if (matchesEtag(c.req.header("if-none-match"), etag)) return c.body(null, 304, headers);
  return c.body(text, 200, { ...headers, "content-type": "application/json" });
}
