/**
 * The seed of all randomized tests of a run. The same commit is judged by the same tests each time: a test that failed
 * at random would refuse a change that has nothing to do with it. New seeds are for those who look for something:
 * `ROOMTONE_SEED=new npm test`, or the commands that draw one by themselves (`npm run fuzz`, `npm run chaos`).
 */
const highestSeed = 2 ** 31;
const usualSeed = 1_970_0101;

/** @throws Error when it is neither a whole number nor `new` */
export function runSeed(given: string | undefined): number {
  if (given === undefined || given === "") return usualSeed;
  if (given === "new") return Math.trunc(Math.random() * highestSeed);
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 0 || seed >= highestSeed) {
    throw new Error(`ROOMTONE_SEED is a whole number below ${highestSeed}, or "new": ${given}`);
  }
  return seed;
}
