/**
 * The rooms' clock: `Date.now`, standing still until a test moves it. It starts an hour ahead, so that an
 * alarm never goes off by itself in the middle of a test: `wake` runs it.
 */
import { vi } from "vitest";

let nowMs = Date.now() + 3_600_000;
vi.spyOn(Date, "now").mockImplementation(() => nowMs);

export const clock = {
  now: (): number => nowMs,
  advanceTo(ms: number): void {
    nowMs = Math.max(nowMs, ms);
  },
  advance(ms: number): void {
    nowMs += ms;
  },
};
