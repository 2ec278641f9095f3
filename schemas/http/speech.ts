/** Bodies of the routes on speech (`/v1/stt`, `/v1/tts`, `/v1/voices`, `/v1/models`). */
import * as z from "zod";

export const speechFormatSchema = z.enum(["wav", "pcm", "mp3", "opus"]);

export const modelKindSchema = z.enum(["stt", "tts"]);
export const modelSchema = z.object({
  /** As `provider/model`. */
  id: z.string(),
  object: z.literal("model"),
  created: z.int(),
  owned_by: z.string(),
  kind: modelKindSchema,
  /** Asked where a request names none, in the order of this list; the others may be named. */
  is_preferred: z.boolean(),
  /** `open`: it failed so often that it is left alone for a while; `half_open`: the next call tries it. */
  circuit: z.enum(["closed", "open", "half_open"]),
  /** Of models that speak. */
  formats: z.array(speechFormatSchema).optional(),
  max_characters: z.int().optional(),
});
export const modelsAnswerSchema = z.object({ object: z.literal("list"), data: z.array(modelSchema) });
