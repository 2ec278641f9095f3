/** What was heard in a piece of audio, as every model that hears is made to say it. Times are from the audio's beginning. */
import * as z from "zod";

const timeSchema = z.int().nonnegative();

export const heardWordSchema = z.object({ start_ms: timeSchema, end_ms: timeSchema, text: z.string() });
export type HeardWord = z.infer<typeof heardWordSchema>;

export const heardSegmentSchema = z.object({
  start_ms: timeSchema,
  end_ms: timeSchema,
  text: z.string(),
  /** Only where the model gives times of words, and they were asked for. */
  words: z.array(heardWordSchema).optional(),
});
export type HeardSegment = z.infer<typeof heardSegmentSchema>;

/** What a call took, and what it costs by the table of prices. */
export const callUsageSchema = z.object({
  audio_ms: timeSchema.optional(),
  characters: z.int().nonnegative().optional(),
  input_tokens: z.int().nonnegative().optional(),
  output_tokens: z.int().nonnegative().optional(),
  /** In billionths of a US dollar; null where the price is not known. */
  cost_nano_usd: z.int().nonnegative().nullable(),
  /** The quantity is not the provider's word, but what was sent or the price's own guess. */
  is_estimated: z.boolean(),
});
export type CallUsage = z.infer<typeof callUsageSchema>;

export const transcriptionSchema = z.object({
  /** All segments; empty where nobody speaks. */
  text: z.string(),
  /** BCP 47, such as `en`; null where the model does not say. */
  language: z.string().nullable(),
  duration_ms: timeSchema,
  segments: z.array(heardSegmentSchema),
  /** Who heard it, as `provider/model`. */
  model: z.string(),
  usage: callUsageSchema,
});
export type Transcription = z.infer<typeof transcriptionSchema>;
