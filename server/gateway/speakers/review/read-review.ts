/** The service's answer to a review, taken whole or not at all: what it says of one moment is of no use where it is wrong of another. Pure. */
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { reviewAnswerSchema, type ReviewSegment } from "../../../../schemas/speech/review.ts";

/** A service that hears in steps may say that the last one ends after the audio does. */
const beyondTheEndMs = 1_000;

/**
 * @param durationMs of the audio, rounded up.
 * @returns segments in order of their beginnings, those of one voice apart from each other, inside the audio; or what is wrong, without a word of the answer.
 */
export function readReview(text: string, durationMs: number): Result<ReviewSegment[], string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err("the service's answer is not JSON");
  }
  const parsed = reviewAnswerSchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return err(
      `the service's answer does not fit the contract: ${issue?.path.join(".") ?? ""}: ${issue?.message ?? "invalid"}`,
    );
  }
  const { segments } = parsed.data;
  let begunAt = 0;
  const saidUntil = new Map<string, number>();
  for (const { start_ms, end_ms, speaker } of segments) {
    if (end_ms <= start_ms) return err("the service's answer has a segment that ends before it begins");
    if (start_ms < begunAt || start_ms < (saidUntil.get(speaker) ?? 0))
      return err("the service's answer has segments out of order, or of one voice that overlap");
    if (start_ms >= durationMs || end_ms > durationMs + beyondTheEndMs)
      return err("the service's answer has a segment beyond the end of the audio");
    begunAt = start_ms;
    saidUntil.set(speaker, end_ms);
  }
  if (new Set(segments.map(({ speaker }) => speaker)).size > limits.maxReviewVoices)
    return err(`the service's answer has more than ${limits.maxReviewVoices} voices`);
  return ok(segments.map((segment) => ({ ...segment, end_ms: Math.min(segment.end_ms, durationMs) })));
}
