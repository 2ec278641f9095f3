/** What a conversation with a model is to be: the body of `PUT /v1/sessions/:id/participant`, and a setting of a session. */
import * as z from "zod";
import { trackNameSchema } from "../names.ts";
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
