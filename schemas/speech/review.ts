/** The answer to `POST /speaker/review`, the second look at who speaks in a whole track (SPEC R19). */
import * as z from "zod";
import { limits } from "../limits.ts";

/** One stretch of one voice; ms from the start of the audio. The voice's name says which stretches are one's, and nothing else. */
export const reviewSegmentSchema = z.object({
  start_ms: z.int().min(0),
  end_ms: z.int().min(1),
  speaker: z.string().min(1).max(limits.maxShortTextChars),
});
export type ReviewSegment = z.infer<typeof reviewSegmentSchema>;

/** Fields that a service adds of its own are ignored. */
export const reviewAnswerSchema = z.object({ segments: z.array(reviewSegmentSchema).max(limits.maxReviewSegments) });
