import * as fc from "fast-check";
import { expect, test } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { admitSecond, type Pace } from "../../../server/shared/limits/pace.ts";
import { seed } from "../support/random.ts";

const start = 1_795_000_000_000;
const run = { seed, numRuns: 300 };
const standard: Pace = { factor: 16, burstSeconds: 900 };

/** A track as the caller keeps it: the state moves with admitted seconds alone. */
class Track {
  paceMs: number | null = null;
  readonly #pace: Pace;

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** @returns ms to wait; 0: admitted. */
  send(now: number): number {
    const answer = admitSecond(this.paceMs, now, this.#pace);
    if (!answer.ok) return answer.retryAfterMs;
    this.paceMs = answer.paceMs;
    return 0;
  }

  /** As many seconds as it takes now. */
  fill(now: number, most = 100_000): number {
    let taken = 0;
    while (taken < most && this.send(now) === 0) taken += 1;
    return taken;
  }
}

const pace = fc.record({
  factor: fc.integer({ min: 1, max: 1_000 }),
  burstSeconds: fc.integer({ min: 1, max: 1_000 }),
});
const odd = fc.record({
  factor: fc.double({ min: 1, max: 1_000, noNaN: true }),
  burstSeconds: fc.integer({ min: 1, max: 300 }),
});

test("[L2] a fresh track may send its whole burst at once, then the factor", () => {
  const track = new Track(standard);
  expect(track.fill(start)).toBe(900);
  expect(track.fill(start + 1_000)).toBe(16);
  expect(track.fill(start + 61_000)).toBe(960 - 60);
});

test("[L2] the burst is whole for any factor: nothing drifts however long it is", () => {
  for (const factor of [3, 7, 999, 1_000, 1.7]) {
    expect(new Track({ factor, burstSeconds: 86_400 }).fill(start)).toBe(86_400);
  }
});

test("[L2] a factor that is no whole number of ticks is kept from below, over any length", () => {
  const of = { factor: 999, burstSeconds: 10 };
  const track = new Track(of);
  let taken = 0;
  for (let ms = 0; ms <= 200_000; ms += 1) taken += track.fill(start + ms);
  expect(taken).toBeLessThanOrEqual(of.burstSeconds + of.factor * 200);
  expect(taken).toBeGreaterThan(of.factor * 200 * 0.999);
});

test("[L2] in any stretch of any schedule no more is admitted than burst and factor give", () => {
  const steps = fc.array(
    fc.record({ waitMs: fc.oneof(fc.nat({ max: 50 }), fc.nat({ max: 20_000 })), tries: fc.nat({ max: 60 }) }),
    { minLength: 1, maxLength: 60 },
  );
  fc.assert(
    fc.property(odd, steps, (of, schedule) => {
      const track = new Track(of);
      const admitted: number[] = [];
      let now = start;
      for (const { waitMs, tries } of schedule) {
        now += waitMs;
        for (let n = track.fill(now, tries); n > 0; n -= 1) admitted.push(now);
      }
      let beyond = -Infinity;
      for (let from = 0; from < admitted.length; from += 1) {
        for (let to = from; to < admitted.length; to += 1) {
          const seconds = ((admitted[to] ?? 0) - (admitted[from] ?? 0)) / 1_000;
          beyond = Math.max(beyond, to - from + 1 - (of.burstSeconds + of.factor * seconds));
        }
      }
      expect(beyond).toBeLessThanOrEqual(1e-9);
    }),
    run,
  );
});

test("[L2] a live client is never refused, however its network holds frames up within the burst", () => {
  const delays = fc.array(fc.nat({ max: 1_000 }), { minLength: 1, maxLength: 400 });
  fc.assert(
    fc.property(pace, delays, (of, permille) => {
      const track = new Track(of);
      const mostMs = (of.burstSeconds - 1) * 1_000;
      let last = 0;
      for (const [index, share] of permille.entries()) {
        // Captured in its second, delivered in order and late.
        last = Math.max(last, start + index * 1_000 + Math.floor((mostMs * share) / 1_000));
        expect(track.send(last)).toBe(0);
      }
    }),
    run,
  );
});

test("[L2] a backlog within the burst is caught up with while the meeting goes on", () => {
  fc.assert(
    fc.property(pace, (of) => {
      const track = new Track(of);
      expect(track.fill(start, of.burstSeconds)).toBe(of.burstSeconds);
      for (let second = 1; second <= 50; second += 1) expect(track.send(start + second * 1_001)).toBe(0);
    }),
    run,
  );
});

test("[L2] whoever waits as told gets a whole window taken, and not a moment earlier", () => {
  fc.assert(
    fc.property(pace, fc.nat({ max: 5_000 }), (of, laterMs) => {
      const track = new Track(of);
      track.fill(start);
      track.fill(start + laterMs);
      const now = start + laterMs;
      const waitMs = track.send(now);
      expect(waitMs).toBeGreaterThan(0);
      const { paceMs } = track;
      const window = Math.min(limits.maxInFlightFrames, of.burstSeconds);
      expect(track.fill(now + waitMs, window)).toBe(window);
      track.paceMs = paceMs;
      expect(track.fill(now + waitMs - 1, window)).toBeLessThan(window);
    }),
    run,
  );
});

test("[L2] a refused second costs nothing: asking again and again puts nothing off", () => {
  const track = new Track({ factor: 2, burstSeconds: 10 });
  track.fill(start);
  for (let n = 0; n < 1_000; n += 1) expect(track.send(start + 100)).toBeGreaterThan(0);
  expect(track.send(start + 500)).toBe(0);
});

test("[L2] a clock that goes backwards does not lock a track out", () => {
  fc.assert(
    fc.property(pace, fc.integer({ min: 1, max: 10 ** 11 }), (of, backMs) => {
      const track = new Track(of);
      track.fill(start);
      const now = start - backMs;
      // At most one is a gift; from there on it goes at the factor, as if the clock had not moved.
      expect(track.fill(now)).toBeLessThanOrEqual(1);
      expect(track.send(now + 1_001)).toBe(0);
    }),
    run,
  );
});

test("[L2] a clock that jumps forwards gives one burst", () => {
  const track = new Track(standard);
  track.fill(start);
  expect(track.fill(start + 10 ** 11)).toBe(900);
});

test("[L2] a state of other limits is brought within these", () => {
  const track = new Track({ factor: 1, burstSeconds: 86_400 });
  track.fill(start);
  const answer = admitSecond(track.paceMs, start, standard);
  expect(answer.ok).toBe(true);
  expect(answer.ok && answer.paceMs - start).toBe(900 * 62.5);
});
