/**
 * Steps into groups of one voice each. Voices differ in how steady they are: a synthetic one is always the same, and
 * two of them may be as alike as two moments of one person. So groups are joined where they are about as alike as each is within itself.
 * Pure; knows no names.
 */
import { addScaled, dot } from "../../shared/diarizer/vectors.ts";
import { followGroups, type Groups, linkAverage, type Step } from "./group.ts";
import { comparing, steps as lengths } from "./tuning.ts";

interface Group {
  members: readonly number[];
  readonly sum: Float64Array;
}

/**
 * Steps near in time share speech and are alike for that: they are left out of how alike a group is within itself. What pairs of
 * groups have of such pairs of steps is counted apart, so that a joined group's likeness needs no look at its steps.
 */
interface Near {
  readonly cosines: Float64Array[];
  readonly counts: Float64Array[];
}

/** @param steps in order, at least one. @returns who speaks at each, of voices without a name. */
export function groupSteps(steps: readonly Step[]): Groups {
  let sure = [...steps.keys()].filter((i) => (steps[i]?.frames ?? 0) >= lengths.sureFrames);
  if (sure.length < 2) sure = [...steps.keys()];
  const groups = groupVoices(
    sure.map((i) => steps[i]?.voice ?? new Float64Array()),
    sure.map((i) => steps[i]?.startMs ?? 0),
  );
  return followGroups(
    steps,
    groups.map((group) => group.map((k) => sure[k] ?? 0)),
  );
}

/**
 * @param voices in order, length 1 each. @param startsMs when each begins.
 * @returns indices into `voices`, group by group.
 */
export function groupVoices(voices: readonly Float64Array[], startsMs: readonly number[]): number[][] {
  const groups = alikeInBlocks(voices);
  const near = nearPairs(groups, voices, startsMs);
  const likeness = groups.map(({ sum: a }) => Float64Array.from(groups, ({ sum: b }) => dot(a, b)));
  const left = new Set(groups.keys());
  for (;;) {
    const pair = mostAlike(left, groups, likeness, near);
    if (!pair) break;
    const [into, from] = pair;
    for (const matrix of [likeness, near.cosines, near.counts]) addRow(matrix, into, from);
    const [a, b] = [groups[into], groups[from]];
    if (a && b) a.members = [...a.members, ...b.members];
    left.delete(from);
  }
  return [...left].map((g) => (groups[g]?.members ?? []).toSorted((a, b) => a - b));
}

/** Steps that are surely of one voice. Of a block only, since all pairs of a long meeting are too many. */
function alikeInBlocks(voices: readonly Float64Array[]): Group[] {
  const groups: Group[] = [];
  for (let from = 0; from < voices.length; from += comparing.blockSteps) {
    const block = voices.slice(from, from + comparing.blockSteps);
    const labels = linkAverage(block, comparing.surelyOne);
    for (const of of Map.groupBy(block.keys(), (i) => labels[i] ?? 0).values()) {
      const members = of.map((i) => from + i);
      const sum = new Float64Array(voices[0]?.length ?? 0);
      for (const i of members) addScaled(sum, voices[i] ?? sum, 1);
      groups.push({ members, sum });
    }
  }
  return groups.toSorted((a, b) => b.members.length - a.members.length).slice(0, comparing.mostGroups);
}

function nearPairs(groups: readonly Group[], voices: readonly Float64Array[], startsMs: readonly number[]): Near {
  const square = (): Float64Array[] => groups.map(() => new Float64Array(groups.length));
  const near: Near = { cosines: square(), counts: square() };
  const groupOf = new Int32Array(voices.length).fill(-1);
  for (const [g, { members }] of groups.entries()) for (const i of members) groupOf[i] = g;
  for (const [i, voice] of voices.entries()) {
    for (let j = i; j < voices.length && (startsMs[j] ?? 0) - (startsMs[i] ?? 0) < comparing.nearMs; j++) {
      const cosine = dot(voice, voices[j] ?? voice);
      const [a, b] = [groupOf[i] ?? -1, groupOf[j] ?? -1];
      if (a < 0 || b < 0) continue;
      addAt(near, a, b, cosine);
      if (i !== j) addAt(near, b, a, cosine);
    }
  }
  return near;
}

function addAt({ cosines, counts }: Near, a: number, b: number, cosine: number): void {
  const [rowOfCosines, rowOfCounts] = [cosines[a], counts[a]];
  if (rowOfCosines) rowOfCosines[b] = (rowOfCosines[b] ?? 0) + cosine;
  if (rowOfCounts) rowOfCounts[b] = (rowOfCounts[b] ?? 0) + 1;
}

/** Row and column of `from` to those of `into`: what two groups were to the others, they are together. */
function addRow(matrix: readonly Float64Array[], into: number, from: number): void {
  const [a, b] = [matrix[into], matrix[from]];
  if (!a || !b) return;
  addScaled(a, b, 1);
  for (const row of matrix) row[into] = (row[into] ?? 0) + (row[from] ?? 0);
}

/** @returns undefined where none are alike enough. */
function mostAlike(
  left: ReadonlySet<number>,
  groups: readonly Group[],
  likeness: readonly Float64Array[],
  near: Near,
): readonly [number, number] | undefined {
  const all = [...left];
  const sizes = all.map((g) => groups[g]?.members.length ?? 0);
  const within = all.map((g, i) => Math.sqrt(withinOf(g, sizes[i] ?? 0, likeness, near)));
  let highest: number = comparing.asAlike;
  let pair: readonly [number, number] | undefined;
  for (const [i, a] of all.entries()) {
    const row = likeness[a] ?? new Float64Array();
    for (let j = 0; j < i; j++) {
      const b = all[j] ?? 0;
      const between = (row[b] ?? 0) / ((sizes[i] ?? 1) * (sizes[j] ?? 1));
      const ratio = between / ((within[i] ?? 1) * (within[j] ?? 1));
      if (ratio >= highest) [highest, pair] = [ratio, [b, a]];
    }
  }
  return pair;
}

/** Mean cosine of a group's steps that are apart in time; of a small group, nearly what is usual. */
function withinOf(g: number, size: number, likeness: readonly Float64Array[], { cosines, counts }: Near): number {
  const { usual, usualPairs } = comparing;
  const sum = ((likeness[g]?.[g] ?? 0) - (cosines[g]?.[g] ?? 0)) / 2;
  const pairs = (size * size - (counts[g]?.[g] ?? 0)) / 2;
  return Math.max(0.05, (sum + usual * usualPairs) / (pairs + usualPairs));
}
