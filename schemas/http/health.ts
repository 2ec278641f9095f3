/** What `GET /health` answers. */
import * as z from "zod";

export const healthSchema = z.object({
  status: z.literal("ok"),
  app: z.literal("roomtone"),
  version: z.string(),
  /** Binding names; `inference` says who answers resolves: a service that is set, or the embedded resolver. */
  durable_object: z.string(),
  r2_bucket: z.string(),
  inference: z.enum(["service", "embedded"]),
});
