/** `POST /admin/sessions/rebuild`: what of lost storage R2 brings back (SPEC I9). */
import * as z from "zod";
import { sessionIdSchema, tenantSchema } from "../names.ts";

export const rebuildBodySchema = z.strictObject({
  /** One session alone. */
  session: z.strictObject({ tenant: tenantSchema, session_id: sessionIdSchema }).optional(),
  /** `next` of the answer before. */
  after: z.string().max(256).optional(),
});

/** What of a session did not come back. */
export const lostSchema = z.enum([
  // Title, webhook address, retention, captions: the deployment's own hold.
  "settings",
  // Deliveries that were still to be sent, and the list of those that were.
  "webhooks",
  // Seconds that were kept and not in R2 yet.
  "unarchived_audio",
  // Who spoke and what was said, of a session that has no result. Speakers are resolved again.
  "events",
  // R2 lacks seconds that the result was made of.
  "seconds",
  // R2 has a result that can't be read.
  "result",
]);

export const rebuiltSessionSchema = z.object({
  tenant: tenantSchema,
  session_id: sessionIdSchema,
  /**
   * `listed`: its room is there, and wrote its row of the list. `rebuilt`: its room was empty, and is made of what R2 has. `deleted`:
   * there is nothing to bring back. `absent`: neither its room nor R2 knows it. `failed`: see the log; ask again.
   */
  outcome: z.enum(["listed", "rebuilt", "deleted", "absent", "failed"]),
  lost: z.array(lostSchema),
});
export type RebuiltSession = z.infer<typeof rebuiltSessionSchema>;

export const rebuildAnswerSchema = z.object({
  /** In the order of their keys in R2. */
  sessions: z.array(rebuiltSessionSchema),
  /** Null: that was all. */
  next: z.string().nullable(),
  /** Whether the app was told to read these meetings again, so that their words are found; `false` where none took it. */
  is_indexed: z.boolean(),
});
export type RebuildAnswer = z.infer<typeof rebuildAnswerSchema>;
export type Lost = z.infer<typeof lostSchema>;
