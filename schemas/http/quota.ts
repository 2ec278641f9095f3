/** Body of `GET /v1/quota`: what a tenant has used, and how far it may go. */
import * as z from "zod";

const countSchema = z.int().min(0);
/** null: lifted by the deployment. */
const limitSchema = z.int().min(1).nullable();

export const quotaSchema = z.object({
  /** The day that `audio_seconds` is counted on, UTC: `2026-11-21`. */
  day: z.iso.date(),
  /** When the next one begins. */
  resets_at: z.iso.datetime(),
  /** Of all tracks of all sessions: kept today, or about to be. Beyond the limit chunks are refused (SPEC L5). */
  audio_seconds: z.object({ used: countSchema, limit: limitSchema }),
  /** Neither finalized nor deleted. Beyond the limit none is opened (SPEC L4). */
  open_sessions: z.object({ used: countSchema, limit: limitSchema }),
});
export type Quota = z.infer<typeof quotaSchema>;
