/**
 * The rooms' clock: `Date.now`, standing still until a test moves it. It starts an hour ahead, so that an
 * alarm never goes off by itself in the middle of a test: `wake` runs it.
 */
let nowMs = Date.now() + 3_600_000;
// Not a spy of vitest's, which puts the real one back after the first of several files in one process.
Date.now = () => nowMs;

export const clock = {
  now: (): number => nowMs,
  advanceTo(ms: number): void {
    nowMs = Math.max(nowMs, ms);
  },
  advance(ms: number): void {
    nowMs += ms;
  },
};
