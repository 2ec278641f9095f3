/** A second look at a whole meeting: who speaks, now that everything that everybody said is known. Pure; knows no names. */
import { directionsIn, nothingHeard, withSpeech } from "./both-voices.ts";
import type { MeetingStep } from "./meeting-ear.ts";
import { following } from "./tuning.ts";
import { groupSteps } from "./voice-groups.ts";

export interface ReviewedSegment {
  readonly start_ms: number;
  readonly end_ms: number;
  /** `voice_1` is who speaks first. */
  readonly speaker: string;
}

/** @param steps in order. @returns in order; segments do not overlap. */
export function review(steps: readonly MeetingStep[]): ReviewedSegment[] {
  if (steps.length === 0) return [];
  const directionOf = directionsIn(withSpeech(nothingHeard, steps));
  const { path } = groupSteps(steps.map((step) => ({ ...step, voice: directionOf(step), count: 1 })));
  const inOrder = [...new Set(path)];
  const segments: ReviewedSegment[] = [];
  for (const [i, { startMs: start_ms, endMs: end_ms }] of steps.entries()) {
    const speaker = `voice_${inOrder.indexOf(path[i] ?? 0) + 1}`;
    const last = segments.at(-1);
    if (last?.speaker === speaker && start_ms - last.end_ms <= following.maxPauseMs)
      segments[segments.length - 1] = { ...last, end_ms };
    else segments.push({ start_ms, end_ms, speaker });
  }
  return segments;
}
