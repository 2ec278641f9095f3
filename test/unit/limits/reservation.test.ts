import * as fc from "fast-check";
import { expect, test } from "vitest";
import { dayName, dayOf, dayStart, reserve, unused } from "../../../server/shared/limits/reservation.ts";
import { seed } from "../support/random.ts";

const seconds = fc.nat({ max: 10_000 });

test("[L5] a block is reserved beyond what is stored; what is reserved already does not count again", () => {
  expect(reserve(0, 0, { storedTotal: 0, wanted: 240, quota: 1_000 })).toEqual({ counted: 240, isExhausted: false });
  expect(reserve(240, 240, { storedTotal: 0, wanted: 240, quota: 1_000 })).toEqual({ counted: 0, isExhausted: false });
  expect(reserve(240, 240, { storedTotal: 130, wanted: 240, quota: 1_000 })).toEqual({
    counted: 130,
    isExhausted: false,
  });
});

test("[L5] what the quota leaves is granted, and said to be the last", () => {
  expect(reserve(0, 900, { storedTotal: 0, wanted: 240, quota: 1_000 })).toEqual({ counted: 100, isExhausted: true });
  expect(reserve(0, 760, { storedTotal: 0, wanted: 240, quota: 1_000 })).toEqual({ counted: 240, isExhausted: true });
  expect(reserve(0, 5_000, { storedTotal: 0, wanted: 240, quota: 1_000 })).toEqual({ counted: 0, isExhausted: true });
  expect(reserve(0, 5_000, { storedTotal: 0, wanted: 240, quota: null })).toEqual({ counted: 240, isExhausted: false });
});

test("[L5] what was stored beyond the reservation counts, even beyond the quota", () => {
  expect(reserve(100, 990, { storedTotal: 500, wanted: 240, quota: 1_000 })).toEqual({
    counted: 400,
    isExhausted: true,
  });
});

test("[L5] any request: repeated it counts nothing, and without debt it does not pass the quota", () => {
  fc.assert(
    fc.property(seconds, seconds, seconds, seconds, seconds, (reserved, used, storedTotal, wanted, quota) => {
      const request = { storedTotal, wanted, quota };
      const { counted, isExhausted } = reserve(reserved, used, request);
      expect(reserved + counted).toBeGreaterThanOrEqual(storedTotal);
      expect(counted).toBeGreaterThanOrEqual(0);
      const again = reserve(reserved + counted, used + counted, request);
      expect(again).toEqual({ counted: 0, isExhausted });
      const debt = Math.max(0, storedTotal - reserved);
      expect(used + counted).toBeLessThanOrEqual(Math.max(quota, used + debt));
    }),
    { seed, numRuns: 500 },
  );
});

test("[L5] a session gives back what it did not store, of what was counted today", () => {
  expect(unused(500, 300, 400)).toBe(200);
  expect(unused(500, 300, 50)).toBe(50);
  expect(unused(300, 500, 300)).toBe(0);
});

test("[L5] days are those of UTC", () => {
  const day = dayOf(Date.parse("2026-11-21T23:59:59.999Z"));
  expect(dayName(day)).toBe("2026-11-21");
  expect(dayStart(day + 1)).toBe(Date.parse("2026-11-22T00:00:00Z"));
  expect(dayOf(dayStart(day + 1))).toBe(day + 1);
});
