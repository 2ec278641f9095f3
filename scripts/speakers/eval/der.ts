/**
 * Diarization error rate as in NIST's md-eval: missed, false and confused speech over all speech of the truth, under
 * the best one-to-one naming of the speakers. Overlapping speech counts once for each who speaks.
 */
import { bestPairs } from "../../../server/shared/diarizer/best-pairs.ts";
import type { Turn } from "./turns.ts";

export interface DerScore {
  /** Speaker time of the truth that was scored. */
  readonly totalMs: number;
  readonly missedMs: number;
  readonly falseMs: number;
  readonly confusedMs: number;
  /** Of `totalMs`, where two or more of the truth speak; and of all errors, those made there. */
  readonly overlapMs: number;
  readonly overlapErrorMs: number;
  /** 0 is perfect; can exceed 1. NaN where the truth holds no speech. */
  readonly der: number;
}

/** A stretch of a recording that is scored (un-partitioned evaluation map). */
export interface Scored {
  readonly start_ms: number;
  readonly end_ms: number;
}

/** Where a score goes down. */
export interface Failing {
  readonly kind: "missed" | "false" | "confused";
  readonly start_ms: number;
  readonly end_ms: number;
  readonly truth: readonly string[];
  /** By the names of the truth, where a speaker of the answer is somebody of it. */
  readonly said: readonly string[];
}

/** Between two neighbouring edges nothing changes. */
interface Stretch {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly ms: number;
  readonly truth: readonly string[];
  readonly said: readonly string[];
}

/**
 * @param collarMs left out on both sides of every edge of the truth.
 * @param scored what counts; all of it where undefined.
 */
export function scoreDer(
  truth: readonly Turn[],
  said: readonly Turn[],
  collarMs: number,
  scored?: readonly Scored[],
): DerScore {
  const stretches = cutIntoStretches(truth, said, collarMs, scored);
  const naming = bestNaming(stretches);
  const score = { totalMs: 0, missedMs: 0, falseMs: 0, confusedMs: 0, overlapMs: 0, overlapErrorMs: 0 };
  for (const { ms, truth: speakers, said: heard } of stretches) {
    const right = heard.filter((name) => speakers.includes(naming.get(name) ?? "")).length;
    score.totalMs += ms * speakers.length;
    if (speakers.length > 1) {
      score.overlapMs += ms * speakers.length;
      score.overlapErrorMs += ms * (Math.max(speakers.length, heard.length) - right);
    }
    score.missedMs += ms * Math.max(0, speakers.length - heard.length);
    score.falseMs += ms * Math.max(0, heard.length - speakers.length);
    score.confusedMs += ms * (Math.min(speakers.length, heard.length) - right);
  }
  return { ...score, der: (score.missedMs + score.falseMs + score.confusedMs) / score.totalMs };
}

/** What `scoreDer` counts as errors, in order; what goes on over an edge where nobody comes or goes is one. */
export function failingsOf(
  truth: readonly Turn[],
  said: readonly Turn[],
  collarMs: number,
  scored?: readonly Scored[],
): Failing[] {
  const stretches = cutIntoStretches(truth, said, collarMs, scored);
  const naming = bestNaming(stretches);
  const failings: Failing[] = [];
  for (const { start_ms, end_ms, truth: speakers, said: heard } of stretches) {
    // An unmatched one may be called as somebody of the truth is, and is not them.
    const named = heard.map((name) => naming.get(name) ?? `another (${name})`).toSorted();
    const right = named.filter((name) => speakers.includes(name)).length;
    if (right === Math.max(speakers.length, named.length)) continue;
    const kind = named.length < speakers.length ? "missed" : named.length > speakers.length ? "false" : "confused";
    const failing: Failing = { kind, start_ms, end_ms, truth: speakers.toSorted(), said: named };
    const last = failings.at(-1);
    if (last?.end_ms === start_ms && isSame(last, failing)) failings[failings.length - 1] = { ...last, end_ms };
    else failings.push(failing);
  }
  return failings;
}

function isSame(a: Failing, b: Failing): boolean {
  return a.truth.join("\n") === b.truth.join("\n") && a.said.join("\n") === b.said.join("\n");
}

function cutIntoStretches(
  truth: readonly Turn[],
  said: readonly Turn[],
  collarMs: number,
  scored: readonly Scored[] | undefined,
): Stretch[] {
  const truthEdges = truth.flatMap((turn) => [turn.start_ms, turn.end_ms]);
  const edges = [
    ...truthEdges.flatMap((edge) => [edge - collarMs, edge + collarMs]),
    ...said.flatMap((turn) => [turn.start_ms, turn.end_ms]),
    ...(scored ?? []).flatMap((part) => [part.start_ms, part.end_ms]),
  ];
  const sorted = [...new Set(edges)].toSorted((a, b) => a - b);
  return sorted.slice(1).flatMap((end, i) => {
    const start = sorted[i] ?? end;
    const middle = (start + end) / 2;
    if (truthEdges.some((edge) => Math.abs(middle - edge) < collarMs)) return [];
    if (scored && !scored.some((part) => part.start_ms < middle && middle < part.end_ms)) return [];
    return [
      {
        start_ms: start,
        end_ms: end,
        ms: end - start,
        truth: speakersAt(truth, middle),
        said: speakersAt(said, middle),
      },
    ];
  });
}

function speakersAt(turns: readonly Turn[], ms: number): string[] {
  return [...new Set(turns.filter((turn) => turn.start_ms < ms && ms < turn.end_ms).map(({ speaker }) => speaker))];
}

/** @returns for a speaker of the answer the one of the truth; most time in common. */
function bestNaming(stretches: readonly Stretch[]): ReadonlyMap<string, string> {
  const truthNames = [...new Set(stretches.flatMap(({ truth }) => truth))];
  const saidNames = [...new Set(stretches.flatMap(({ said }) => said))];
  const common = saidNames.map((said) =>
    truthNames.map((truth) =>
      stretches
        .filter((stretch) => stretch.said.includes(said) && stretch.truth.includes(truth))
        .reduce((sum, { ms }) => sum + ms, 0),
    ),
  );
  const columns = bestPairs(common);
  return new Map(
    saidNames.flatMap((name, row) => {
      const truthName = truthNames[columns[row] ?? -1];
      return truthName === undefined ? [] : [[name, truthName] as const];
    }),
  );
}
