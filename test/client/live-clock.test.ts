import { expect, test } from "vitest";
import { LiveClock } from "../../client/capture/live-clock.ts";

const start = 1_700_000_000_000;
const dayMs = 86_400_000;

test("a pause counts from its limit on, and drift below it never", () => {
  const clock = new LiveClock(1_500);
  expect(clock.handleBlock(100, start)).toBe(0);
  expect(clock.handleBlock(100, start + 1_599)).toBe(0);
  expect(clock.handleBlock(100, start + 1_599 + 1_600)).toBe(1_500);
});

test("a clock that is set, forth or back, is no pause", () => {
  const clock = new LiveClock(1_500);
  // A device without a battery boots in 1970, until it has asked the network.
  expect(clock.handleBlock(100, 1_000)).toBe(0);
  expect(clock.handleBlock(100, start)).toBe(0);
  expect(clock.handleBlock(100, start - dayMs)).toBe(0);
  expect(clock.handleBlock(100, start)).toBe(dayMs - 100);
});
