/** The line in which the rooms of a thread have their windows resolved. */
import { expect, test } from "vitest";
import { createLine } from "../../server/gateway/diarizer/line.ts";

/** When each of so many that ask at once has its turn, ms from now. */
async function turnsOf(count: number, windowMs: number): Promise<number[]> {
  const clock = { ms: 1_000 };
  const slept: number[] = [];
  const line = createLine(
    () => clock.ms,
    (ms) => {
      slept.push(ms);
      return Promise.resolve();
    },
  );
  for (let n = 0; n < 100; n += 1) line.took(windowMs);
  const turns: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const before = slept.length;
    await line.turn();
    turns.push(slept[before] ?? 0);
  }
  return turns;
}

const apartOf = (turns: readonly number[]): number[] => turns.slice(1).map((at, n) => at - (turns[n] ?? 0));

test("[K7] windows that are due together have turns apart, with as much time for others between them", async () => {
  const turns = await turnsOf(20, 15);
  expect(turns[0]).toBe(0);
  for (const apart of apartOf(turns)) expect(apart).toBeCloseTo(30, 0);
});

test("[K7] a long line is dense, and no window waits for seconds that its room has not", async () => {
  const turns = await turnsOf(1_000, 15);
  expect(Math.max(...turns)).toBeLessThanOrEqual(3_000);
  const dense = turns.filter((at) => at > 1_100 && at < 2_900);
  for (const apart of apartOf(dense)) expect(apart).toBeCloseTo(15, 0);
});

test("[K7] whoever asks alone has its turn at once", async () => {
  const clock = { ms: 0 };
  const slept: number[] = [];
  const line = createLine(
    () => clock.ms,
    (ms) => Promise.resolve(void slept.push(ms)),
  );
  for (let n = 0; n < 5; n += 1) {
    await line.turn();
    line.took(20);
    clock.ms += 4_000;
  }
  expect(slept).toEqual([]);
});
