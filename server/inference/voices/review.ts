/** A second look at a whole meeting: who speaks, now that everything that everybody said is known. Pure; knows no names. */
import { directionsIn, nothingHeard, withSpeech } from "./both-voices.ts";
import type { MeetingStep } from "./meeting-ear.ts";
import { atOnceIn } from "./overlap.ts";
import { secondVoices } from "./second-voices.ts";
import { following } from "./tuning.ts";
import { groupSteps } from "./voice-groups.ts";

export interface ReviewedSegment {
  readonly start_ms: number;
  readonly end_ms: number;
  /** `voice_1` is who speaks first. */
  readonly speaker: string;
}

/** @param steps in order. @returns in order; segments of one voice do not touch, those of two may overlap. */
export function review(steps: readonly MeetingStep[]): ReviewedSegment[] {
  if (steps.length === 0) return [];
  const recording = withSpeech(nothingHeard, steps);
  const directionOf = directionsIn(recording);
  const voiced = steps.map((step) => ({ ...step, voice: directionOf(step), count: 1 }));
  const groups = groupSteps(voiced);
  const inOrder = [...new Set(groups.path)];
  const nameOf = (voice: number): string =>
    `voice_${(inOrder.includes(voice) ? inOrder.indexOf(voice) : inOrder.length) + 1}`;
  const turns: ReviewedSegment[] = [];
  for (const [i, { startMs: start_ms, endMs: end_ms }] of steps.entries()) {
    const speaker = nameOf(groups.path[i] ?? 0);
    const last = turns.at(-1);
    if (last?.speaker === speaker && start_ms - last.end_ms <= following.maxPauseMs)
      turns[turns.length - 1] = { ...last, end_ms };
    else turns.push({ start_ms, end_ms, speaker });
  }
  const others = secondVoices(voiced, groups, atOnceIn(recording)).flatMap((voice, i): ReviewedSegment[] => {
    const { startMs: start_ms = 0, endMs: end_ms = 0 } = steps[i] ?? {};
    return voice === undefined ? [] : [{ start_ms, end_ms, speaker: nameOf(voice) }];
  });
  return withoutSeams([...turns, ...others]);
}

/** What one voice says without a pause is one segment. */
function withoutSeams(segments: readonly ReviewedSegment[]): ReviewedSegment[] {
  const whole: ReviewedSegment[] = [];
  const lastOf = new Map<string, number>();
  for (const segment of segments.toSorted((a, b) => a.start_ms - b.start_ms)) {
    const at = lastOf.get(segment.speaker);
    const last = at === undefined ? undefined : whole[at];
    if (at !== undefined && last && segment.start_ms <= last.end_ms)
      whole[at] = { ...last, end_ms: Math.max(last.end_ms, segment.end_ms) };
    else {
      lastOf.set(segment.speaker, whole.length);
      whole.push(segment);
    }
  }
  return whole;
}
