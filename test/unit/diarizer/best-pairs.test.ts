import { expect, test } from "vitest";
import { bestPairs } from "../../../server/shared/diarizer/best-pairs.ts";
import { randomFrom, seed } from "../support/random.ts";

/** The highest sum by trying everything. */
function highest(weights: readonly (readonly number[])[], row = 0, taken: readonly number[] = []): number {
  const own = weights[row];
  if (!own) return 0;
  const withIt = own.flatMap((weight, column) =>
    taken.includes(column) ? [] : [weight + highest(weights, row + 1, [...taken, column])],
  );
  return Math.max(highest(weights, row + 1, taken), ...withIt);
}

test("[R18] the pairs that add up to the most are found, as by trying all of them", () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 400; round += 1) {
    const [rows, columns] = [1 + random(5), random(6)];
    const weights = Array.from({ length: rows }, () =>
      Array.from({ length: columns }, () => (random(3) === 0 ? 0 : random(20))),
    );
    const pairs = bestPairs(weights);
    const taken = pairs.filter((column) => column !== undefined);
    expect(pairs).toHaveLength(rows);
    expect(new Set(taken).size).toBe(taken.length);
    const sum = pairs.reduce<number>((all, column, row) => all + (weights[row]?.[column ?? -1] ?? 0), 0);
    expect(sum).toBe(highest(weights));
    // Who shares nothing is nobody's.
    pairs.forEach((column, row) => expect(column === undefined || (weights[row]?.[column] ?? 0) > 0).toBe(true));
  }
});

test("[R18] without voices or clusters there are no pairs", () => {
  expect(bestPairs([])).toEqual([]);
  expect(bestPairs([[], []])).toEqual([undefined, undefined]);
});
