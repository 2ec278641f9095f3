/** Tests that do the same at every step of something: how many of the steps a run takes. */
import { inject } from "vitest";
import type { RunSettings } from "./run-seed.ts";

/** The usual run takes one step in four. */
const usualStride = 4;

/** @returns of the steps from `first` to `last` all in a thorough run, and else some that are spread over them, the first and the last among them. */
export function sweepOf(first: number, last: number): number[] {
  const { isThorough, seed }: RunSettings = { isThorough: inject("isThorough"), seed: inject("seed") };
  const stride = isThorough ? 1 : usualStride;
  const offset = seed % stride;
  const steps = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return steps.filter((step, index) => step === first || step === last || index % stride === offset);
}

/** @returns `thorough` in a thorough run. */
export function roundsOf(usual: number, thorough: number): number {
  return inject("isThorough") ? thorough : usual;
}
