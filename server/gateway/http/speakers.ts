/**
 * Who speaks: what people say of the speakers (`…/{bindings,clusters,turns}/…`), and speaker resolve
 * (`…/resolve`).
 */
import type { Context } from "hono";
import type * as z from "zod";
import {
  bindingBodySchema,
  mergeBodySchema,
  originBodySchema,
  retryBodySchema,
  reviewBodySchema,
  turnBodySchema,
} from "../../../schemas/http/corrections.ts";
import { limits } from "../../../schemas/limits.ts";
import { trackNameSchema } from "../../../schemas/names.ts";
import { clusterIdSchema, resolveBodySchema } from "../../../schemas/speech/speakers.ts";
import { subjectOf } from "../../shared/access/principal.ts";
import type { Correction } from "../room/apply-correction.ts";
import type { AppEnv } from "./app-env.ts";
import { keyedRequest } from "./guards/idempotency.ts";
import { bodyOf } from "./guards/parameters.ts";
import { problem } from "./problems.ts";
import { roomOf } from "./rooms.ts";

export async function bindRoute(c: Context<AppEnv>): Promise<Response> {
  return onCluster(c, bindingBodySchema, (clusterId, { name }) => ({ kind: "bind", clusterId, name }));
}

export async function unbindRoute(c: Context<AppEnv>): Promise<Response> {
  const clusterId = clusterIdOf(c);
  return clusterId === undefined ? problem(c, "bad_cluster_id") : correct(c, { kind: "unbind", clusterId });
}

export async function mergeRoute(c: Context<AppEnv>): Promise<Response> {
  return onCluster(c, mergeBodySchema, (clusterId, { into }) => ({ kind: "merge", clusterId, into }));
}

export async function originRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, originBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const track = trackNameSchema.parse(c.req.param("track"));
  return correct(c, { kind: "origin", track, originMs: body.value.origin_ms });
}

export async function turnRoute(c: Context<AppEnv>): Promise<Response> {
  const turnId = eventIdOf(c);
  if (turnId === undefined) return problem(c, "bad_turn_id");
  const body = await bodyOf(c, turnBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return problem(c, body.error);
  return correct(c, { kind: "turn", turnId, body: body.value });
}

export async function undoRoute(c: Context<AppEnv>): Promise<Response> {
  const eventId = eventIdOf(c);
  if (eventId === undefined) return problem(c, "bad_event_id");
  const undone = await roomOf(c).call("undo", eventId, subjectOf(c.var.principal));
  return undone.ok ? c.json({ events: undone.value }) : problem(c, undone.error);
}

export async function resolveRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, resolveBodySchema, limits.maxResolveBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const { principal, idempotency } = c.var;
  const asked = [idempotency?.key, subjectOf(principal), keyedRequest(c)] as const;
  const resolved = await roomOf(c).call("resolve", body.value, ...asked);
  if (!resolved.ok) return problem(c, resolved.error);
  return c.json(resolved.value.answer, 200, resolved.value.replay ? { "x-idempotent-replay": "true" } : {});
}

export async function retryResolvesRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, retryBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const retried = await roomOf(c).call("retryResolves", body.value.track);
  return retried.ok ? c.json({ reopened_windows: retried.value }) : problem(c, retried.error);
}

export async function reviewSpeakersRoute(c: Context<AppEnv>): Promise<Response> {
  const body = await bodyOf(c, reviewBodySchema, limits.maxCorrectionBodyBytes);
  if (!body.ok) return problem(c, body.error);
  const asked = await roomOf(c).call("reviewSpeakers", body.value.track);
  return asked.ok ? c.json({ reviewing_tracks: asked.value }, 202) : problem(c, asked.error);
}

async function onCluster<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  correctionOf: (clusterId: string, body: T) => Correction,
): Promise<Response> {
  const clusterId = clusterIdOf(c);
  if (clusterId === undefined) return problem(c, "bad_cluster_id");
  const body = await bodyOf(c, schema, limits.maxCorrectionBodyBytes);
  return body.ok ? correct(c, correctionOf(clusterId, body.value)) : problem(c, body.error);
}

function eventIdOf(c: Context<AppEnv>): number | undefined {
  const eventId = c.req.param("event_id") ?? "";
  return /^[1-9]\d{0,14}$/.test(eventId) ? Number(eventId) : undefined;
}

function clusterIdOf(c: Context<AppEnv>): string | undefined {
  return clusterIdSchema.safeParse(c.req.param("cluster_id")).data;
}

async function correct(c: Context<AppEnv>, correction: Correction): Promise<Response> {
  const corrected = await roomOf(c).call("correct", correction, subjectOf(c.var.principal));
  return corrected.ok ? c.json({ events: corrected.value }) : problem(c, corrected.error);
}
