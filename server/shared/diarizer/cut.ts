/**
 * A window into pieces that are one voice each: cut where both sides differ most, as long as they differ enough,
 * and then again inside the sides.
 */
import type { VoiceSpace } from "./embedding.ts";
import type { Features } from "./features.ts";
import type { Run, Speech } from "./speech.ts";
import { type Accumulate, difference, emptyStatistics, type Statistics } from "./statistics.ts";
import { cut, framesPerSecond } from "./tuning.ts";
import { dot } from "./vectors.ts";

/** Speech of one voice, as far as can be told. */
export interface Piece {
  readonly voice: Float64Array;
  /** Seconds of loud speech behind the voice. */
  readonly seconds: number;
  /** Frames, in order, never empty: more than one where it pauses for long. */
  readonly runs: readonly Run[];
}

export interface CutTools extends Pick<VoiceSpace, "voiceOf"> {
  readonly accumulate: Accumulate;
  readonly directionOf: (voice: Float64Array) => Float64Array | undefined;
}

type SideOf = (statistics: Statistics) => Float64Array | undefined;

const maxPauseFrames = (cut.maxPauseMs * framesPerSecond) / 1_000;

/** @param directionOf in the channel of the recording. */
export function cutIntoPieces(
  features: Features,
  { loud, runs }: Speech,
  totals: readonly Statistics[],
  { accumulate, voiceOf, directionOf }: CutTools,
): Piece[] {
  const sideOf = (statistics: Statistics): Float64Array | undefined => directionOf(voiceOf(statistics));
  const cuts = findCuts(totals, 0, totals.length - 1, sideOf).map((at) => snapToPause(at * cut.stepFrames, loud));
  const edges = [0, ...cuts.toSorted((a, b) => a - b), features.frames];
  return edges.slice(1).flatMap((end, i) => {
    const inside = { start: edges[i] ?? 0, end };
    const statistics = statisticsOf(inside, features, loud, accumulate);
    const clipped = clip(runs, inside);
    return statistics.frames > 0 && clipped.length > 0
      ? [{ voice: voiceOf(statistics), seconds: statistics.frames / framesPerSecond, runs: joinPauses(clipped) }]
      : [];
  });
}

/** Indices into `totals`, in no order. */
function findCuts(totals: readonly Statistics[], from: number, to: number, sideOf: SideOf): number[] {
  let lowest: number = cut.maxCosine;
  let best: number | undefined;
  for (let at = from + 1; at < to; at++) {
    const cosine = cosineOfSides(totals, from, at, to, sideOf);
    if (cosine !== undefined && cosine < lowest) {
      lowest = cosine;
      best = at;
    }
  }
  if (best === undefined) return [];
  return [best, ...findCuts(totals, from, best, sideOf), ...findCuts(totals, best, to, sideOf)];
}

/** @returns undefined where a side has too little speech to be compared. */
function cosineOfSides(
  totals: readonly Statistics[],
  from: number,
  at: number,
  to: number,
  sideOf: SideOf,
): number | undefined {
  const [start, middle, end] = [totals[from], totals[at], totals[to]];
  if (!start || !middle || !end) return undefined;
  if (middle.frames - start.frames < cut.minSideFrames || end.frames - middle.frames < cut.minSideFrames)
    return undefined;
  const left = sideOf(difference(middle, start));
  const right = sideOf(difference(end, middle));
  return left && right ? dot(left, right) : undefined;
}

/** People rarely change in the middle of a word: the middle of the nearest quiet stretch, if there is one near. */
export function snapToPause(frame: number, loud: Uint8Array): number {
  for (let distance = 0; distance <= cut.snapFrames; distance++) {
    for (const at of [frame - distance, frame + distance]) {
      if (loud[at] !== 0) continue;
      let start = at;
      let end = at;
      while (loud[start - 1] === 0) start--;
      while (loud[end + 1] === 0) end++;
      return Math.round((start + end) / 2);
    }
  }
  return frame;
}

function statisticsOf(range: Run, features: Features, loud: Uint8Array, accumulate: Accumulate): Statistics {
  const statistics = emptyStatistics();
  for (let frame = range.start; frame < range.end; frame++)
    if (loud[frame] === 1) accumulate(statistics, features.cepstra, frame);
  return statistics;
}

function clip(runs: readonly Run[], inside: Run): Run[] {
  return runs
    .map(({ start, end }) => ({ start: Math.max(start, inside.start), end: Math.min(end, inside.end) }))
    .filter(({ start, end }) => start < end);
}

export function joinPauses(runs: readonly Run[]): Run[] {
  const joined: { start: number; end: number }[] = [];
  for (const run of runs) {
    const last = joined.at(-1);
    if (last && run.start - last.end <= maxPauseFrames) last.end = run.end;
    else joined.push({ ...run });
  }
  return joined;
}
