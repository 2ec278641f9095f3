import * as fc from "fast-check";
import { expect, test } from "vitest";
import { idleAt, type RateAnswer, type RateWindow, takeOne } from "../../../server/shared/limits/sliding-window.ts";
import { seed } from "../support/random.ts";

const start = 1_795_000_000_000;
const minute = 60_000;
const run = { seed, numRuns: 300 };

class Subject {
  window: RateWindow | null = null;
  limit: number;
  windowMs: number;

  constructor(limit: number, windowMs = minute) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  take(now: number): RateAnswer {
    const { window, answer } = takeOne(this.window, now, this);
    this.window = window;
    return answer;
  }

  takeMany(now: number, times: number): number {
    return Array.from({ length: times }, () => this.take(now)).filter(({ allowed }) => allowed).length;
  }
}

test("[L1] the limit is admitted at once, and then nothing until the window has passed it", () => {
  const subject = new Subject(5);
  expect(subject.take(start)).toEqual({ allowed: true, limit: 5, remaining: 4, resetMs: 60_999, retryAfterMs: 0 });
  expect(subject.takeMany(start + 10, 10)).toBe(4);
  const refused = subject.take(start + 20_000);
  expect(refused).toEqual({ allowed: false, limit: 5, remaining: 0, resetMs: 40_999, retryAfterMs: 40_999 });
  expect(subject.takeMany(start + 60_998, 1)).toBe(0);
  expect(subject.takeMany(start + 60_999, 10)).toBe(5);
});

test("[L1] in no window of any schedule is one more than the limit admitted", () => {
  const steps = fc.array(fc.record({ waitMs: fc.nat({ max: 900 }), times: fc.nat({ max: 8 }) }), { maxLength: 120 });
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 30 }),
      fc.integer({ min: 1, max: 5_000 }),
      steps,
      (limit, windowMs, schedule) => {
        const subject = new Subject(limit, windowMs);
        const admitted: number[] = [];
        let now = start;
        for (const { waitMs, times } of schedule) {
          now += waitMs;
          for (let n = subject.takeMany(now, times); n > 0; n -= 1) admitted.push(now);
          expect(subject.window?.slots.length ?? 0).toBeLessThanOrEqual(61);
        }
        for (let index = limit; index < admitted.length; index += 1) {
          expect((admitted[index] ?? 0) - (admitted[index - limit] ?? 0)).toBeGreaterThanOrEqual(windowMs);
        }
      },
    ),
    run,
  );
});

test("[L1] whoever asks evenly, a little below the limit, is never refused", () => {
  const subject = new Subject(1_200);
  // 60/61 of 20 a second.
  const answers = Array.from({ length: 10_000 }, (_, n) => subject.take(start + Math.ceil(n * 50.9)));
  expect(answers.filter(({ allowed }) => !allowed)).toEqual([]);
});

test("[L1] told to wait, a subject gets one request then, and none a moment earlier", () => {
  const steps = fc.array(fc.record({ waitMs: fc.nat({ max: 20_000 }), times: fc.nat({ max: 5 }) }), { maxLength: 30 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 12 }), steps, (limit, schedule) => {
      const subject = new Subject(limit);
      let now = start;
      for (const { waitMs, times } of schedule) {
        now += waitMs;
        subject.takeMany(now, times);
      }
      subject.takeMany(now, limit);
      const { allowed, retryAfterMs, resetMs } = subject.take(now);
      expect(allowed).toBe(false);
      expect(takeOne(subject.window, now + retryAfterMs - 1, subject).answer.allowed).toBe(false);
      expect(takeOne(subject.window, now + retryAfterMs, subject).answer.allowed).toBe(true);
      expect(takeOne(subject.window, now + resetMs, subject).answer.remaining).toBe(limit - 1);
      expect(idleAt(subject.window ?? { windowMs: minute, slots: [] })).toBe(now + resetMs);
    }),
    run,
  );
});

test("[L1] a refused request changes nothing that would have to be kept", () => {
  const subject = new Subject(2);
  subject.takeMany(start, 2);
  const { window } = subject;
  expect(takeOne(window, start + 5_000, subject).window).toBe(window);
});

test("[L1] a clock that goes backwards shuts nobody out for longer than a window and a slot, and gives nothing away", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1_000, max: 10 ** 11 }), (backMs) => {
      const subject = new Subject(3);
      subject.takeMany(start, 3);
      const now = start - backMs;
      const refused = subject.take(now);
      expect(refused.allowed).toBe(false);
      expect(refused.retryAfterMs).toBeLessThanOrEqual(61_000);
      // It is kept, so a second look from memory that was lost meanwhile puts nothing off.
      expect(subject.take(now + 30_000).retryAfterMs).toBe(refused.retryAfterMs - 30_000);
      expect(subject.take(now + 61_000).allowed).toBe(true);
    }),
    run,
  );
});

test("[L1] another limit, or another length of window, forgets nothing", () => {
  const subject = new Subject(10);
  subject.takeMany(start, 10);
  subject.limit = 4;
  expect(subject.take(start + 1)).toMatchObject({ allowed: false, remaining: 0, limit: 4 });
  subject.limit = 12;
  expect(subject.takeMany(start + 2, 10)).toBe(2);
  subject.windowMs = 10_000;
  expect(subject.takeMany(start + 5_000, 5)).toBe(0);
  expect(subject.takeMany(start + 13_000, 20)).toBe(12);
  subject.windowMs = 3_600_000;
  expect(subject.takeMany(start + 14_000, 5)).toBe(0);
});
