/** A second look at a whole meeting: who speaks, now that everything that everybody said is known. Pure; knows no names. */
import { createVoiceSpace } from "../../shared/diarizer/embedding.ts";
import { channels } from "../../shared/diarizer/model.ts";
import { trainedModel } from "../../shared/diarizer/trained-model.ts";
import { toUnit } from "../../shared/diarizer/vectors.ts";
import { followGroups } from "./group.ts";
import type { MeetingStep } from "./meeting-ear.ts";
import { following, reviewing, steps as lengths } from "./tuning.ts";
import { groupVoices } from "./voice-groups.ts";

export interface ReviewedSegment {
  readonly start_ms: number;
  readonly end_ms: number;
  /** `voice_1` is who speaks first. */
  readonly speaker: string;
}

const space = createVoiceSpace(trainedModel);

/** @param steps in order. @returns in order; segments do not overlap. */
export function review(steps: readonly MeetingStep[]): ReviewedSegment[] {
  if (steps.length === 0) return [];
  const voices = bothVoices(steps);
  const heard = steps.map(({ frames, isFirst }, i) => ({ voice: voices[i] ?? new Float64Array(), frames, isFirst }));
  let sure = [...steps.keys()].filter((i) => (steps[i]?.frames ?? 0) >= lengths.sureFrames);
  if (sure.length < 2) sure = [...steps.keys()];
  const groups = groupVoices(
    sure.map((i) => heard[i]?.voice ?? new Float64Array()),
    sure.map((i) => steps[i]?.startMs ?? 0),
  );
  const { path } = followGroups(
    heard,
    groups.map((group) => group.map((k) => sure[k] ?? 0)),
  );
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

/**
 * The network knows people, also through a telephone; the classical voice knows what is steady, such as synthetic voices, in the kinds
 * of recording that it was trained on. Both behind each other, where the meeting is of such a kind; else the network's alone.
 */
function bothVoices(steps: readonly MeetingStep[]): Float64Array[] {
  const distances = Array.from({ length: channels }, () => 0);
  for (const { classical } of steps) {
    space.channelDistances(Float64Array.from(classical)).forEach((distance, channel) => {
      distances[channel] = (distances[channel] ?? 0) + distance / steps.length;
    });
  }
  const nearest = Math.min(...distances);
  const channel = distances.indexOf(nearest);
  return steps.map(({ neural, classical }) => {
    const a = toUnit(Float64Array.from(neural)) ?? new Float64Array(neural.length);
    if (nearest > reviewing.knownWithin) return a;
    const b = space.directionOf(Float64Array.from(classical), channel) ?? new Float64Array(classical.length);
    const both = new Float64Array(a.length + b.length);
    both.set(a.map((value) => value * Math.sqrt(1 - reviewing.classicalShare)));
    both.set(
      b.map((value) => value * Math.sqrt(reviewing.classicalShare)),
      a.length,
    );
    return toUnit(both) ?? both;
  });
}
