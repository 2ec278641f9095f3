import { expect, test } from "vitest";
import { backoffMs } from "../../client/capture/backoff.ts";

test("waits not at all, then from 250 ms to a doubling ceiling of 15 s", () => {
  expect([backoffMs(0, 0), backoffMs(0, 0.999)]).toEqual([0, 0]);
  const ceilings = [1, 2, 3, 4, 5, 6, 7, 1_000, 1e9].map((attempt) => backoffMs(attempt, 1));
  expect(ceilings).toEqual([500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000, 15_000]);
  for (const attempt of [1, 2, 50]) expect(backoffMs(attempt, 0)).toBe(250);
});

test("spreads evenly between the two", () => {
  expect(backoffMs(4, 0.5)).toBe((250 + 4_000) / 2);
});
