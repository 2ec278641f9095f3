import { expect, test } from "vitest";
import { steadyClock } from "../../client/capture/steady-clock.ts";

test("it counts the time that a machine slept, and no time that was never there", () => {
  let wall = 1_000;
  let steady = 50;
  const clock = steadyClock(
    () => wall,
    () => steady,
  );
  const startedAt = clock();
  const pass = (wallMs: number, steadyMs: number): number => {
    wall += wallMs;
    steady += steadyMs;
    return clock() - startedAt;
  };
  expect(pass(100, 100)).toBe(100);
  expect(pass(300_000, 100), "slept").toBe(100 + 300_000);
  expect(pass(-3_600_000, 100), "set back").toBe(100 + 300_000 + 100);
  expect(pass(1_500, 100), "slewed").toBe(100 + 300_000 + 200);
  expect(pass(1_700_000_000_000, 100), "booted in 1970, and asked the network").toBe(100 + 300_000 + 300);
});
