/** The second look at a whole meeting. */
import { describe, expect, it } from "vitest";
import { review } from "../../../server/inference/voices/review.ts";
import { nothingHeard } from "../../../server/inference/voices/both-voices.ts";
import { atOnceIn, notTogether } from "../../../server/inference/voices/overlap.ts";
import type { MeetingStep } from "../../../server/inference/voices/meeting-ear.ts";
import { groupVoices } from "../../../server/inference/voices/voice-groups.ts";
import { comparing } from "../../../server/inference/voices/tuning.ts";
import { voiceValues } from "../../../server/shared/diarizer/model.ts";
import { toUnit } from "../../../server/shared/diarizer/vectors.ts";
import { randomFrom } from "../support/random.ts";

const values = 24;
const random = randomFrom(11);
const stepMs = 250;

/** @param spread how far two moments of the voice differ: 0.3 is a synthetic one, 1 a person. */
function moment(direction: Float64Array, spread: number): Float64Array {
  const moved = direction.map((value) => value + (spread * (random(2_000) - 1_000)) / 1_000 / 2);
  return toUnit(moved) ?? moved;
}

function towards(axis: number, other?: number, share = 1): Float64Array {
  const direction = new Float64Array(values);
  direction[axis] = 1;
  if (other !== undefined) direction[other] = share;
  return toUnit(direction) ?? direction;
}

const startsOf = (count: number): number[] => Array.from({ length: count }, (_, i) => i * stepMs);

function groupsOf(voices: readonly Float64Array[]): number[][] {
  return groupVoices(voices, startsOf(voices.length))
    .filter(({ length }) => length > 4)
    .toSorted((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
}

describe("all steps of a meeting", () => {
  it("are one group where one person's voice strays far", () => {
    const voices = Array.from({ length: 80 }, () => moment(towards(1), 0.9));
    expect(groupsOf(voices)).toHaveLength(1);
  });

  it("are two groups where two steady voices are as alike as that", () => {
    const two = [towards(1, 2, 1.2), towards(1, 3, 1.2)];
    const voices = Array.from({ length: 80 }, (_, i) => moment(two[Math.floor(i / 20) % 2] ?? towards(1), 0.1));
    const groups = groupsOf(voices);
    expect(groups.map(({ length }) => length)).toEqual([40, 40]);
    expect(groups[0]?.every((i) => Math.floor(i / 20) % 2 === 0)).toBe(true);
  });

  it("find a voice again that spoke a block ago", () => {
    const turns = [1, 2, 3, 1];
    const half = comparing.blockSteps / 2;
    const voices = turns.flatMap((axis) => Array.from({ length: half }, () => moment(towards(axis), 0.4)));
    expect(groupsOf(voices).map(({ length }) => length)).toEqual([2 * half, half, half]);
  });

  it("are no more groups than can be compared, however many voices there are", () => {
    const voices = Array.from({ length: comparing.mostGroups + 100 }, () => moment(new Float64Array(values), 1));
    expect(groupVoices(voices, startsOf(voices.length)).length).toBeLessThanOrEqual(comparing.mostGroups);
  });
});

const said = (axis: number, count: number): Omit<MeetingStep, "startMs" | "endMs">[] =>
  Array.from({ length: count }, (_, i) => ({
    frames: 40,
    isFirst: i === 0,
    neural: Float32Array.from(moment(towards(axis), 0.3)),
    // Of no kind of recording that the classical voice knows.
    classical: new Float32Array(voiceValues).fill(9),
    together: notTogether,
  }));
const atOnce = (steps: ReturnType<typeof said>, from: number, to: number): ReturnType<typeof said> =>
  steps.map((step, i) => (i >= from && i < to ? { ...step, together: 9 } : step));
const placed = (steps: readonly Omit<MeetingStep, "startMs" | "endMs">[]): MeetingStep[] =>
  steps.map((step, i) => ({ ...step, startMs: i * stepMs, endMs: (i + 1) * stepMs }));

describe("a review", () => {
  it("names who speaks first voice_1, and cuts where another begins", () => {
    expect(review(placed([...said(4, 20), ...said(2, 16), ...said(4, 12)]))).toEqual([
      { start_ms: 0, end_ms: 5_000, speaker: "voice_1" },
      { start_ms: 5_000, end_ms: 9_000, speaker: "voice_2" },
      { start_ms: 9_000, end_ms: 12_000, speaker: "voice_1" },
    ]);
  });

  it("ends a segment at a long pause, and says nothing of a meeting where nobody speaks", () => {
    const steps = placed(said(1, 24)).map((step, i) =>
      i < 12 ? step : { ...step, startMs: step.startMs + 5_000, endMs: step.endMs + 5_000 },
    );
    expect(review(steps)).toEqual([
      { start_ms: 0, end_ms: 3_000, speaker: "voice_1" },
      { start_ms: 8_000, end_ms: 11_000, speaker: "voice_1" },
    ]);
    expect(review([])).toEqual([]);
  });

  it("makes one speaker of a single word", () => {
    expect(review(placed(said(3, 2))).map(({ speaker }) => speaker)).toEqual(["voice_1"]);
  });

  it("gives what two say at once also to whoever of the others is most like it", () => {
    const mixed = Float32Array.from(moment(towards(4, 2, 0.8), 0.1));
    const steps = [...said(4, 20), ...said(2, 16), ...said(3, 16), ...said(4, 20)].map((step, i) =>
      i >= 60 && i < 64 ? { ...step, neural: mixed } : step,
    );
    const segments = review(placed(atOnce(steps, 60, 64)));
    expect(segments.filter(({ start_ms }) => start_ms >= 13_000)).toEqual([
      { start_ms: 13_000, end_ms: 18_000, speaker: "voice_1" },
      { start_ms: 15_000, end_ms: 16_000, speaker: "voice_2" },
    ]);
    expect(new Set(segments.map(({ speaker }) => speaker)).size).toBe(3);
  });

  it("leaves no seam where the second voice then goes on alone, nor one voice over itself", () => {
    const segments = review(placed(atOnce([...said(4, 20), ...said(2, 16), ...said(4, 12)], 16, 20)));
    expect(segments).toEqual([
      { start_ms: 0, end_ms: 5_000, speaker: "voice_1" },
      { start_ms: 4_000, end_ms: 9_000, speaker: "voice_2" },
      { start_ms: 9_000, end_ms: 12_000, speaker: "voice_1" },
    ]);
  });

  it("passes over a moment of two, also at a pause", () => {
    const single = atOnce([...said(4, 20), ...said(2, 16)], 8, 9);
    const parted = atOnce([...said(4, 20), ...said(4, 2), ...said(2, 16)], 19, 21);
    for (const steps of [single, parted])
      expect(review(placed(steps)).filter(({ start_ms }) => start_ms > 0 && start_ms < 5_000)).toEqual([]);
  });

  it("tells a second speaker where one voice is known and two speak for long, and not where for a moment", () => {
    const long = review(placed(atOnce(said(4, 40), 10, 20)));
    expect(long).toEqual([
      { start_ms: 0, end_ms: 10_000, speaker: "voice_1" },
      { start_ms: 2_500, end_ms: 5_000, speaker: "voice_2" },
    ]);
    expect(review(placed(atOnce(said(4, 40), 10, 16)))).toHaveLength(1);
  });

  it("believes less of two at once, and shorter, in a meeting room", () => {
    const [anywhere, inRoom] = [0.3, 0.6].map((room) => atOnceIn({ ...nothingHeard, room: room * 40, steps: 40 }));
    expect(inRoom?.threshold).toBeLessThan(anywhere?.threshold ?? 0);
    expect(inRoom?.steps).toBeLessThan(anywhere?.steps ?? 0);
    const surely = atOnceIn(nothingHeard).threshold;
    const segments = [surely + 0.1, surely - 0.1].map(
      (together) =>
        review(
          placed([...said(4, 20), ...said(2, 16)].map((step, i) => (i >= 8 && i < 12 ? { ...step, together } : step))),
        ).length,
    );
    expect(segments).toEqual([3, 2]);
  });
});
