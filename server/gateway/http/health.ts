import type { Context } from "hono";
import type * as z from "zod";
import packageJson from "../../../package.json" with { type: "json" };
import type { healthSchema } from "../../../schemas/http/health.ts";
import type { AppEnv } from "./app-env.ts";

/** `GET /health`: what runs here. Needs no credential and wakes no room. */
export function healthRoute(c: Context<AppEnv>): Response {
  const health: z.infer<typeof healthSchema> = {
    status: "ok",
    app: "roomtone",
    version: packageJson.version,
    build: c.env.CF_VERSION_METADATA?.id || c.env.BUILD_ID || "unknown",
    durable_object: "MEETING_SESSION",
    r2_bucket: "RESULT_BUCKET",
    inference: c.var.config.inference ? "service" : "embedded",
  };
  return c.json(health);
}
