/** Bodies of `/v1/sessions/:id/participant`: a model that listens and speaks in the room (SPEC Y). */
import * as z from "zod";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { modelNameSchema } from "../speech/utterances.ts";

/** How a conversation goes. `resuming`: its model is being connected to. */
export const participantPhaseSchema = z.enum([
  "listening",
  "thinking",
  "speaking",
  "interrupted",
  "resuming",
  "closing",
  "ended",
]);

/** Why it ended. */
export const participantEndSchema = z.enum([
  "asked",
  "deleted",
  "time_limit",
  "nobody_there",
  "session_over",
  "model_done",
  "model_failed",
  "budget_exhausted",
]);

export const participantSchema = z.object({
  session_id: sessionIdSchema,
  phase: participantPhaseSchema,
  /** As `provider/model`. */
  model: modelNameSchema,
  /** The track that it speaks on. */
  track: trackNameSchema,
  started_at: z.iso.datetime(),
  /** When it ends in any case. */
  ends_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  reason: participantEndSchema.nullable(),
  /** What both sides said so far, in the order in which it began. */
  utterances: z.int().min(0),
  /** Of the transcript for the backend: `none` before the end, or where none is asked for. */
  transcript: z.enum(["none", "waiting", "posted", "failed"]),
});
export type Participant = z.infer<typeof participantSchema>;
