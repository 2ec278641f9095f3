/** Bodies of `/v1/sessions/:id/participant`: a model that listens and speaks in the room (SPEC Y). */
import * as z from "zod";
import { sessionIdSchema, trackNameSchema } from "../names.ts";
import { modelNameSchema } from "../speech/utterances.ts";

const textSchema = (maxChars: number) => z.string().trim().min(1).max(maxChars);

/** What a conversation is to be. All of it may be left out. */
export const participantBodySchema = z.strictObject({
  /** As `provider/model`: one of `LIVE_MODEL`. The first of them without it. */
  model: modelNameSchema.optional(),
  /** What the model is told of its part; the embedded interviewer follows its questions alone. */
  instructions: textSchema(20_000).optional(),
  voice: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/, "is A-Z, a-z, 0-9, _ and -, at most 64 characters")
    .optional(),
  /** BCP 47. */
  language: z
    .string()
    .regex(/^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$/, "is a language tag, such as en-GB")
    .optional(),
  /** The tracks that it hears; all but its own without it. */
  listen: z.array(trackNameSchema).min(1).max(16).optional(),
  /** What it says first. */
  greeting: textSchema(1_000).optional(),
  /** Questions, asked one after the other, each once the person has answered. */
  script: z.array(textSchema(1_000)).min(1).max(50).optional(),
  max_minutes: z.int().min(1).max(120).default(30),
});
/** As it is posted. */
export type ParticipantInput = z.input<typeof participantBodySchema>;
/** As it holds. */
export type ParticipantBody = z.output<typeof participantBodySchema>;

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
