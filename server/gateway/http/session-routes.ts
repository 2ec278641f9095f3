/** `/v1/sessions` and `/v1/sessions/:session_id/{state,resolve,utterances,finalize,result}`. */
import type { Context } from "hono";
import { createSessionBodySchema, sessionConfigSchema } from "../../../schemas/http/sessions.ts";
import { finalizeBodySchema } from "../../../schemas/http/finalize.ts";
import { retryBodySchema } from "../../../schemas/http/corrections.ts";
import { limits } from "../../../schemas/limits.ts";
import { resolveBodySchema } from "../../../schemas/speech/speakers.ts";
import { utterancesBodySchema } from "../../../schemas/speech/utterances.ts";
import type { ConfigureRefusal } from "../room/session-api.ts";
import type { AppEnv } from "./app-env.ts";
import { matchesEtag } from "./etags.ts";
import { bodyOf, idempotencyKeyOf, sessionIdOf } from "./guards/parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";
import { trackRefusal } from "./track-refusal.ts";
import { webhookUrlRefusal } from "./webhook-routes.ts";

export async function createSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, createSessionBodySchema, limits.maxSessionBodyBytes);
  if (!body.ok) return body.error;
  const { session_id = crypto.randomUUID(), ...config } = body.value;
  const refusal = webhookUrlRefusal(c, config.webhook_url);
  if (refusal) return refusal;
  const created = await roomOf(c, session_id).call("create", config);
  if (!created.ok)
    return created.error === "too_many_sessions" ? tooManySessions(c) : configureRefusal(c, created.error);
  const { isNew, ...answer } = created.value;
  return c.json(answer, isNew ? 201 : 200, { location: `/v1/sessions/${session_id}/state` });
}

export async function configureSessionRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, sessionConfigSchema, limits.maxSessionBodyBytes);
  if (!body.ok) return body.error;
  const refusal = webhookUrlRefusal(c, body.value.webhook_url);
  if (refusal) return refusal;
  const configured = await roomOf(c).call("configure", body.value);
  return configured.ok ? c.json(configured.value) : configureRefusal(c, configured.error);
}

const configureDetails: Record<Exclude<ConfigureRefusal, "session_not_found">, string> = {
  session_exists: "A session with this id is there, with other settings. PATCH changes them.",
  session_finalized:
    "The session is finalizing or finalized; of its settings only webhook_url and retention_days still change.",
  resolve_started: "resolve.window_chunks can't change once audio was resolved.",
};

function tooManySessions(c: Context<AppEnv>): Response {
  return problem(
    c,
    "too_many_sessions",
    "The tenant has as many sessions open as it may. Finalize or delete one first.",
    {
      "retry-after": "60",
    },
  );
}

function configureRefusal(c: Context<AppEnv>, code: ConfigureRefusal): Response {
  return code === "session_not_found" ? sessionNotFound(c) : problem(c, code, configureDetails[code]);
}

export async function utterancesRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, utterancesBodySchema, limits.maxUtterancesBodyBytes);
  if (!body.ok) return body.error;
  const { utterances } = body.value;
  const refusal = trackRefusal(
    c,
    utterances.map(({ track }) => track),
  );
  if (refusal) return refusal;
  const added = await roomOf(c).call("addUtterances", utterances);
  if (added.ok) return c.json(added.value);
  return added.error === "session_not_found"
    ? sessionNotFound(c)
    : problem(c, added.error, "The session is finalizing or finalized; it takes no more utterances.");
}

export async function retryResolvesRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, retryBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return body.error;
  const retried = await roomOf(c).call("retryResolves", body.value.track);
  if (retried.ok) return c.json({ reopened_windows: retried.value });
  return retried.error === "session_not_found"
    ? sessionNotFound(c)
    : problem(c, retried.error, "The session is finalizing or finalized; its speakers no longer change.");
}

export async function stateRoute(c: Context<AppEnv>): Promise<Response> {
  const state = await roomOf(c).call("describe");
  return state ? c.json(state) : sessionNotFound(c);
}

export async function resolveRoute(c: Context<AppEnv>): Promise<Response> {
  const key = idempotencyKeyOf(c);
  if (!key.ok) return key.error;
  const body = await bodyOf(c, resolveBodySchema, limits.maxResolveBodyBytes);
  if (!body.ok) return body.error;
  const resolved = await roomOf(c).call("resolve", body.value, key.value);
  if (!resolved.ok) {
    if (resolved.error.code === "too_many_sessions") return tooManySessions(c);
    const { code, detail } = resolved.error;
    if (code === "resolve_queue_full") return problem(c, code, detail, { "retry-after": "1" });
    if (code !== "inference_unavailable") return problem(c, code, detail);
    return problem(c, code, detail, { "retry-after": String(Math.ceil(resolved.error.retryAfterMs / 1_000)) });
  }
  return c.json(resolved.value.answer, 200, resolved.value.replay ? { "x-idempotent-replay": "true" } : {});
}

export async function finalizeRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, finalizeBodySchema, limits.maxFinalizeBodyBytes);
  if (!body.ok) return body.error;
  const outcome = await roomOf(c).call("finalize", body.value);
  if (!outcome.ok) {
    return outcome.error.code === "session_not_found"
      ? sessionNotFound(c)
      : problem(c, outcome.error.code, outcome.error.detail);
  }
  if (outcome.value.done) return c.json(outcome.value.answer);
  return c.json(outcome.value.answer, 202, { location: `/v1/sessions/${sessionIdOf(c)}/result` });
}

export async function resultRoute(c: Context<AppEnv>): Promise<Response> {
  const located = await roomOf(c).call("locateResult");
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
