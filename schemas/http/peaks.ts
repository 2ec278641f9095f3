/** Answers of `GET …/peaks`: a track's waveform. */
import * as z from "zod";
import { trackNameSchema } from "../names.ts";

/** The finest a waveform gets. */
export const peaksPerSecond = 10;

export const peaksAnswerSchema = z.object({
  track: trackNameSchema,
  /** Of the whole track. */
  duration_ms: z.int().min(0),
  /** What one point stands for; a multiple of 100. */
  ms_per_point: z.int().min(1_000 / peaksPerSecond),
  /**
   * The loudest deviation from the mean in each point, 255 is full scale; null where the archive says nothing: seconds that are
   * missing or not in R2 yet, and those that an earlier version stored.
   */
  peaks: z.array(z.int().min(0).max(255).nullable()),
});

export type PeaksAnswer = z.infer<typeof peaksAnswerSchema>;
