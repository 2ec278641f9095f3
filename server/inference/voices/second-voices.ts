/**
 * Who else speaks where two people talk at once: of the other voices of the meeting, the one that the moment sounds most like. Where the
 * meeting has one voice alone and two talk at once for long, a second voice is added, and never a third. Pure.
 */
import { dot } from "../../shared/diarizer/vectors.ts";
import type { Groups } from "./group.ts";
import type { AtOnce } from "./overlap.ts";
import { reviewing } from "./tuning.ts";

interface StepOfTwo {
  readonly together: number;
  readonly isFirst: boolean;
  readonly voice: Float64Array;
}

/** @returns for each step, an index of the voices, or the one after the last, or undefined. */
export function secondVoices(
  steps: readonly StepOfTwo[],
  { path, voices }: Groups,
  atOnce: AtOnce,
): (number | undefined)[] {
  const areTwo = longRuns(steps, atOnce);
  const count = areTwo.filter(Boolean).length;
  return steps.map(({ voice }, i) => {
    if (!areTwo[i]) return undefined;
    if (voices.length === 1) return count >= reviewing.secondVoiceSteps ? 1 : undefined;
    const others = [...voices.keys()].filter((other) => other !== path[i]);
    const likeness = others.map((other) => dot(voice, voices[other] ?? voice));
    return others[likeness.indexOf(Math.max(...likeness))];
  });
}

function longRuns(steps: readonly StepOfTwo[], atOnce: AtOnce): boolean[] {
  const runs: number[] = [];
  for (const [i, { together, isFirst }] of steps.entries())
    runs.push(together > atOnce.threshold ? (isFirst ? 0 : (runs[i - 1] ?? 0)) + 1 : 0);
  const areTwo = runs.map(() => false);
  for (let i = runs.length - 1; i >= 0; i--) {
    const run = runs[i] ?? 0;
    const goesOn = areTwo[i + 1] === true && (runs[i + 1] ?? 0) === run + 1;
    areTwo[i] = run >= atOnce.steps || (run > 0 && goesOn);
  }
  return areTwo;
}
