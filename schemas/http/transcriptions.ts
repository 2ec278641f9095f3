/** Bodies of `/v1/sessions/:id/transcribe`: a meeting's kept audio through a model that transcribes. */
import * as z from "zod";
import { trackNameSchema } from "../names.ts";
import { modelNameSchema } from "../speech/utterances.ts";
import { limits } from "../limits.ts";

export const transcribeBodySchema = z.strictObject({
  /** As `provider/model`, of `GET /v1/models`; without it the deployment's preferred one. */
  model: modelNameSchema.optional(),
  /** Without it all that there are. */
  tracks: z.array(trackNameSchema).min(1).max(limits.maxTracksPerToken).optional(),
});

const placeMs = z.int().min(0);

export const transcriptionSchema = z.object({
  transcription_id: z.uuid(),
  /** `failed` and `cancelled`: what was transcribed until then stays. */
  status: z.enum(["running", "done", "failed", "cancelled"]),
  /** The model that was asked for; null for the preferred one. */
  model: modelNameSchema.nullable(),
  /** In their order; each up to the audio that was kept when the transcription began. */
  tracks: z.array(z.object({ track: trackNameSchema, transcribed_ms: placeMs, duration_ms: placeMs })),
  /** How many utterances the model heard. */
  utterances: z.int().min(0),
  started_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  /** Why it failed. */
  error: z.object({ code: z.string(), detail: z.string() }).nullable(),
});
export type Transcription = z.infer<typeof transcriptionSchema>;
