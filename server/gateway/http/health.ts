import type { Context } from "hono";
import type * as z from "zod";
import packageJson from "../../../package.json" with { type: "json" };
import type { healthSchema } from "../../../schemas/http/health.ts";
import type { Env } from "../env.ts";
import type { AppEnv } from "./app-env.ts";

/** `GET /health`: what runs here. Needs no credential and wakes no room. */
export function healthRoute(c: Context<AppEnv>): Response {
  const { localInference, inference = localInference, review } = c.var.config;
  const health: z.infer<typeof healthSchema> = {
    status: "ok",
    app: "roomtone",
    version: packageJson.version,
    build: buildOf(c.env),
    durable_object: "MEETING_SESSION",
    r2_bucket: "RESULT_BUCKET",
    inference: inference ? "service" : "embedded",
    review: review ? "service" : "absent",
  };
  return c.json(health);
}

/** Which upload or bundle this is. */
export function buildOf({ CF_VERSION_METADATA, BUILD_ID }: Env): string {
  return CF_VERSION_METADATA?.id || BUILD_ID || "unknown";
}
