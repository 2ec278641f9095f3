/** What people say of the speakers: names, merges, turns (`/v1/sessions/:session_id/{bindings,clusters,turns}/…`). */
import type { Context } from "hono";
import type * as z from "zod";
import { bindingBodySchema, mergeBodySchema, turnBodySchema } from "../../../schemas/http/corrections.ts";
import { limits } from "../../../schemas/limits.ts";
import { clusterIdSchema } from "../../../schemas/speech/speakers.ts";
import type { Correction } from "../room/session-api.ts";
import type { AppEnv } from "./app-env.ts";
import { bodyOf } from "./guards/parameters.ts";
import { problem } from "./problem.ts";
import { roomOf } from "./rooms.ts";
import { sessionNotFound } from "./session-not-found.ts";

export async function bindRoute(c: Context<AppEnv>): Promise<Response> {
  return onCluster(c, bindingBodySchema, (clusterId, { name }) => ({ kind: "bind", clusterId, name }));
}

export async function unbindRoute(c: Context<AppEnv>): Promise<Response> {
  const clusterId = clusterIdOf(c);
  return clusterId === undefined ? noSuchCluster(c) : correct(c, { kind: "unbind", clusterId });
}

export async function mergeRoute(c: Context<AppEnv>): Promise<Response> {
  return onCluster(c, mergeBodySchema, (clusterId, { into }) => ({ kind: "merge", clusterId, into }));
}

export async function turnRoute(c: Context<AppEnv>): Promise<Response> {
  const eventId = c.req.param("event_id") ?? "";
  if (!/^[1-9]\d{0,14}$/.test(eventId)) return problem(c, "turn_not_found", "A turn is named by its event_id.");
  const body = await bodyOf(c, turnBodySchema, limits.maxCorrectionBodyBytes);
  return body.ok ? correct(c, { kind: "turn", turnId: Number(eventId), body: body.value }) : body.error;
}

async function onCluster<T>(
  c: Context<AppEnv>,
  schema: z.ZodType<T>,
  correctionOf: (clusterId: string, body: T) => Correction,
): Promise<Response> {
  const clusterId = clusterIdOf(c);
  if (clusterId === undefined) return noSuchCluster(c);
  const body = await bodyOf(c, schema, limits.maxCorrectionBodyBytes);
  return body.ok ? correct(c, correctionOf(clusterId, body.value)) : body.error;
}

function clusterIdOf(c: Context<AppEnv>): string | undefined {
  return clusterIdSchema.safeParse(c.req.param("cluster_id")).data;
}

function noSuchCluster(c: Context<AppEnv>): Response {
  return problem(
    c,
    "cluster_not_found",
    "A cluster id is A-Z, a-z, 0-9, '.', '_', '~', ':' and '-', at most 64 characters, starting with a letter or digit.",
  );
}

async function correct(c: Context<AppEnv>, correction: Correction): Promise<Response> {
  const corrected = await roomOf(c).call("correct", correction);
  if (corrected.ok) return c.json({ events: corrected.value });
  const refusal = corrected.error;
  return refusal === "session_not_found" ? sessionNotFound(c) : problem(c, refusal.code, refusal.detail);
}
