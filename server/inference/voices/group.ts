/** Steps into groups of one voice each: average linkage, then the likeliest way through time. Pure; knows no names. */
import { addScaled, dot, toUnit } from "../../shared/diarizer/vectors.ts";
import { following, steps as lengths } from "./tuning.ts";

export interface Step {
  /** From whenever; rises from step to step. */
  readonly startMs: number;
  /** A vector of length 1; all zeros where there is too little speech to tell a voice by. */
  readonly voice: Float64Array;
  /** Frames of speech behind it. */
  readonly frames: number;
  /** Whether it is the first step after a pause. */
  readonly isFirst: boolean;
  /** Steps that it stands for. */
  readonly count: number;
}

export interface Groups {
  /** Of each step, an index of `voices`. */
  readonly path: readonly number[];
  /** Length 1 each. */
  readonly voices: readonly Float64Array[];
}

const rounds = 2;

/** The likeliest way through time. @param groups of steps, at least one; small ones are nobody's. */
export function followGroups(steps: readonly Step[], groups: readonly (readonly number[])[]): Groups {
  const sizeOf = (group: readonly number[]): number => group.reduce((sum, i) => sum + (steps[i]?.count ?? 0), 0);
  const large = groups.filter((group) => sizeOf(group) >= following.leastSteps);
  const kept = large.length > 0 ? large : groups.toSorted((a, b) => sizeOf(b) - sizeOf(a)).slice(0, 1);
  let voices = kept.map((group) => meanOf(group, steps));
  let path: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const found = likeliestPath(steps, voices);
    const used = [...new Set(found)].toSorted((a, b) => a - b);
    path = found.map((voice) => used.indexOf(voice));
    voices = used.map((_, voice) =>
      meanOf(
        indicesOf(path, (of) => of === voice),
        steps,
      ),
    );
  }
  return { path, voices };
}

function indicesOf<T>(values: readonly T[], isWanted: (value: T) => boolean): number[] {
  return values.flatMap((value, i) => (isWanted(value) ? [i] : []));
}

function meanOf(group: readonly number[], steps: readonly Step[]): Float64Array {
  const sum = new Float64Array(steps[0]?.voice.length ?? 0);
  for (const i of group) addScaled(sum, steps[i]?.voice ?? sum, steps[i]?.count ?? 0);
  return toUnit(sum) ?? sum;
}

/**
 * Agglomerative clustering by average cosine, by chains of nearest neighbours (Murtagh 1983); O(n²).
 * @returns a label for each vector; those of one label are joined at a cosine of `least` or more.
 */
export function linkAverage(vectors: readonly Float64Array[], least: number): number[] {
  const count = vectors.length;
  const alike = vectors.map(() => new Float64Array(count));
  for (const [i, row] of alike.entries()) {
    const a = vectors[i] ?? [];
    for (let j = 0; j <= i; j++) {
      const other = alike[j];
      row[j] = dot(a, vectors[j] ?? a);
      if (other) other[i] = row[j] ?? 0;
    }
  }
  const size = vectors.map(() => 1);
  const owner = vectors.map((_, i) => i);
  const merges: { a: number; b: number; cosine: number }[] = [];
  const chain: number[] = [];
  for (let left = count; left > 1;) {
    if (chain.length === 0) chain.push(size.findIndex((value) => value > 0));
    const [top = 0, before] = [chain.at(-1), chain.at(-2)];
    let [best, highest] = [before ?? -1, before === undefined ? -Infinity : (alike[top]?.[before] ?? -Infinity)];
    for (let i = 0; i < count; i++) {
      const cosine = alike[top]?.[i] ?? -Infinity;
      if (i === top || size[i] === 0 || cosine <= highest) continue;
      [best, highest] = [i, cosine];
    }
    if (before === undefined || best !== before) {
      chain.push(best);
      continue;
    }
    chain.length -= 2;
    merges.push({ a: top, b: before, cosine: highest });
    const [sizeA, sizeB] = [size[top] ?? 0, size[before] ?? 0];
    for (let i = 0; i < count; i++) {
      const mean = (sizeA * (alike[top]?.[i] ?? 0) + sizeB * (alike[before]?.[i] ?? 0)) / (sizeA + sizeB);
      const [rowA, rowI] = [alike[before], alike[i]];
      if (rowA) rowA[i] = mean;
      if (rowI) rowI[before] = mean;
    }
    size[before] = sizeA + sizeB;
    size[top] = 0;
    left -= 1;
  }
  const rootOf = (i: number): number => (owner[i] === i ? i : rootOf(owner[i] ?? i));
  for (const { a, b, cosine } of merges) if (cosine >= least) owner[rootOf(a)] = rootOf(b);
  return owner.map((_, i) => rootOf(i));
}

/** Viterbi's: who speaks at each step, where a change has a price, half of it after a pause. */
function likeliestPath(steps: readonly Step[], voices: readonly Float64Array[]): number[] {
  let scores = voices.map(() => 0);
  const came: number[][] = [];
  for (const [t, { voice, frames, isFirst, count }] of steps.entries()) {
    const best = scores.indexOf(Math.max(...scores));
    const change = (scores[best] ?? 0) - (isFirst ? following.change / 2 : following.change);
    const from = scores.map((score, i) => (t === 0 || score >= change ? i : best));
    came.push(from);
    scores = scores.map((score, i) => {
      const gain = frames < lengths.leastFrames ? 0 : following.weight * count * dot(voice, voices[i] ?? voice);
      return (t === 0 ? 0 : Math.max(score, change)) + gain;
    });
  }
  let at = scores.indexOf(Math.max(...scores));
  const path: number[] = [];
  for (let t = steps.length - 1; t >= 0; t--) {
    path.push(at);
    at = came[t]?.[at] ?? at;
  }
  return path.toReversed();
}
