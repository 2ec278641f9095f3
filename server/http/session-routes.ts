/** `/v1/sessions/:session_id/{state,resolve,finalize,result}`. */
import type { Context } from "hono";
import { finalizeBodySchema } from "../../schemas/http.ts";
import { limits } from "../../schemas/limits.ts";
import { resolveBodySchema } from "../../schemas/speakers.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf, idempotencyKeyOf, sessionIdOf } from "./parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";

export async function stateRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const state = await roomOf(c.env, sessionId.value).describe();
  return state ? c.json(state) : sessionNotFound(c);
}

export async function resolveRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const key = idempotencyKeyOf(c);
  if (!key.ok) return key.error;
  const body = await bodyOf(c, resolveBodySchema, limits.maxResolveBodyBytes);
  if (!body.ok) return body.error;
  const resolved = await roomOf(c.env, sessionId.value).resolve(body.value, key.value);
  if (!resolved.ok) {
    const { code, detail } = resolved.error;
    return problem(c, code, detail, code === "resolve_queue_full" ? { "retry-after": "1" } : {});
  }
  return c.json(resolved.value.answer, 200, resolved.value.replay ? { "x-idempotent-replay": "true" } : {});
}

export async function finalizeRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const body = await bodyOf(c, finalizeBodySchema, limits.maxFinalizeBodyBytes);
  if (!body.ok) return body.error;
  const outcome = await roomOf(c.env, sessionId.value).finalize(body.value);
  if (!outcome.ok) {
    return outcome.error.code === "session_not_found"
      ? sessionNotFound(c)
      : problem(c, outcome.error.code, outcome.error.detail);
  }
  if (outcome.value.done) return c.json(outcome.value.answer);
  return c.json(outcome.value.answer, 202, { location: `/v1/sessions/${sessionId.value}/result` });
}

export async function resultRoute(c: Context<AppEnv>): Promise<Response> {
  const sessionId = sessionIdOf(c);
  if (!sessionId.ok) return sessionId.error;
  const located = await roomOf(c.env, sessionId.value).locateResult();
  if (!located.ok) {
    return located.error === "session_not_found"
      ? sessionNotFound(c)
      : problem(c, "not_finalized", "The result exists once the session is finalized: POST …/finalize.");
  }
  const object = await c.env.RESULT_BUCKET.get(located.value.key);
  if (!object) return problem(c, "result_unavailable", "The stored result can't be read. Try again.");
  const headers = { etag: object.httpEtag, "content-type": "application/json", "cache-control": "private, no-cache" };
  if (!matchesEtag(c.req.header("if-none-match"), object.httpEtag)) return c.body(object.body, 200, headers);
  await object.body.cancel();
  return c.body(null, 304, headers);
}

/** RFC 9110 §13.1.2, weak comparison. Not left to R2, which throws on a malformed header. */
function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  const tags = ifNoneMatch?.split(",").map((tag) => tag.trim().replace(/^W\//, "")) ?? [];
  return tags.includes("*") || tags.includes(etag);
}

function sessionNotFound(c: Context<AppEnv>): Response {
  return problem(c, "session_not_found", "No session with this id was ever opened.");
}
