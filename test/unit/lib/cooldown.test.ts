import { expect, test } from "vitest";
import { Cooldown, isWithin, remainingMs } from "../../../server/shared/lib/cooldown.ts";

function withClock(options: { tolerated?: number; random?: number } = {}): {
  clock: { now: number };
  cooldown: Cooldown;
} {
  const clock = { now: 1_000_000 };
  const { tolerated = 0, random = 1 } = options;
  const times = { firstMs: 1_000, maxMs: 60_000, now: () => clock.now, random: () => random };
  return { clock, cooldown: new Cooldown({ ...times, tolerated }) };
}

test("at first it may be tried; each failure in a row doubles the wait, up to the longest", () => {
  const { clock, cooldown } = withClock();
  expect([cooldown.isOver, cooldown.remainingMs, cooldown.failures]).toEqual([true, 0, 0]);
  const waits = Array.from({ length: 9 }, () => cooldown.failed());
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect([cooldown.isOver, cooldown.remainingMs, cooldown.until]).toEqual([false, 60_000, clock.now + 60_000]);
  clock.now += 59_999;
  expect(cooldown.isOver).toBe(false);
  clock.now += 1;
  expect([cooldown.isOver, cooldown.failures]).toEqual([true, 9]);
});

test("a success begins anew", () => {
  const { cooldown } = withClock();
  cooldown.failed();
  cooldown.failed();
  cooldown.succeeded();
  expect([cooldown.isOver, cooldown.failures]).toEqual([true, 0]);
  expect(cooldown.failed()).toBe(1_000);
});

test("jitter takes up to half of the wait away", () => {
  expect(withClock({ random: 0 }).cooldown.failed()).toBe(500);
  expect(withClock({ random: 0.5 }).cooldown.failed()).toBe(750);
});

test("tolerated failures are not waited for, and don't lengthen the first wait", () => {
  const { cooldown } = withClock({ tolerated: 2 });
  expect([cooldown.failed(), cooldown.failed()]).toEqual([0, 0]);
  expect(cooldown.isOver).toBe(true);
  expect([cooldown.failed(), cooldown.failed()]).toEqual([1_000, 2_000]);
});

test("a clock that went backwards ends it: nothing is left alone for longer than the longest wait", () => {
  const { clock, cooldown } = withClock();
  cooldown.failed();
  clock.now -= 59_000;
  expect([cooldown.isOver, cooldown.remainingMs]).toEqual([false, 60_000]);
  clock.now -= 1;
  expect([cooldown.isOver, cooldown.remainingMs, cooldown.until]).toEqual([true, 0, 0]);
});

test("it can be told until when, without a failure", () => {
  const { clock, cooldown } = withClock();
  cooldown.holdUntil(clock.now + 5_000);
  expect([cooldown.remainingMs, cooldown.failures]).toEqual([5_000, 0]);
  cooldown.holdUntil(clock.now + 60_001);
  expect(cooldown.isOver).toBe(true);
});

test("a span ends after its time, and with a clock that is set by more than it", () => {
  expect([999, 1_000].map((passed) => isWithin(1_000, 50_000, 50_000 + passed))).toEqual([true, false]);
  expect([999, 1_000, 3_600_000].map((back) => isWithin(1_000, 50_000, 50_000 - back))).toEqual([true, false, false]);
});

test("what was put off is so no longer than it could have been", () => {
  expect([0, 999, 1_000, 2_000].map((now) => remainingMs(1_000, now, 1_000))).toEqual([1_000, 1, 0, 0]);
  expect(remainingMs(1_000, -1, 1_000)).toBe(0);
});
