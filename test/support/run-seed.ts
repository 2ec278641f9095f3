/**
 * How much a run of the tests tries. The usual one is the same each time: a test that failed at random would refuse a change
 * that has nothing to do with it. `npm run test:thorough` looks for more: every step of each sweep, and a seed that nobody
 * has run; `ROOMTONE_SEED=…` repeats one.
 */
/** What tests are told of their run. */
export interface RunSettings {
  /** The one from which every randomized test draws. */
  readonly seed: number;
  /** Whether sweeps take every step (sweep.ts). */
  readonly isThorough: boolean;
}

declare module "vitest" {
  interface ProvidedContext extends RunSettings {}
}

const highestSeed = 2 ** 31;
const usualSeed = 1_970_0101;

/** @param given `ROOMTONE_SEED`. @throws Error when it is neither a whole number nor `new` */
export function runSeed(given: string | undefined, isThorough: boolean): number {
  if (given === undefined || given === "") return isThorough ? newSeed() : usualSeed;
  if (given === "new") return newSeed();
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= highestSeed) {
    throw new Error(`ROOMTONE_SEED is a whole number below ${highestSeed}, or "new": ${given}`);
  }
  return seed;
}

function newSeed(): number {
  return Math.trunc(Math.random() * highestSeed);
}
