/** What `GET /health` and `GET /ready` answer. */
import * as z from "zod";

export const healthSchema = z.object({
  status: z.literal("ok"),
  app: z.literal("roomtone"),
  version: z.string(),
  /** Which upload of the code answers: another after each deploy and each roll-back. */
  build: z.string(),
  /** Binding names; `inference` says who answers resolves: a service that is set, or the embedded resolver. */
  durable_object: z.string(),
  r2_bucket: z.string(),
  inference: z.enum(["service", "embedded"]),
  /** Whether a service is set that looks at whole meetings again. Absent in answers of before December 2026. */
  review: z.enum(["service", "absent"]).optional(),
});

/** `ok`: it answered as it should. `down`: it did not, or not within two seconds. `absent`: this installation has none. */
const checkSchema = z.object({
  status: z.enum(["ok", "down", "absent"]),
  /** Of `down`: a sentence on what happened, without an address. */
  reason: z.string().optional(),
});

/**
 * `GET /ready`. `ready`: all that is there works. `degraded`: audio is kept and results are written, but something beside that is
 * down. `not_ready`: rooms, storage or the index are down.
 */
export const readySchema = z.object({
  status: z.enum(["ready", "degraded", "not_ready"]),
  /** When it was looked at; looks are some seconds apart. */
  checked_at: z.iso.datetime(),
  checks: z.object({
    /** A Durable Object of the class that meetings are kept in. */
    rooms: checkSchema,
    /** R2. Rooms keep what it does not take. */
    storage: checkSchema,
    /** D1: API keys and the list. */
    index: checkSchema,
    /** The speaker-resolve service; windows wait for it. */
    inference: checkSchema,
    /** The app Worker: pages, speech, what is built on kept meetings. */
    app: checkSchema,
  }),
});
export type Ready = z.infer<typeof readySchema>;
