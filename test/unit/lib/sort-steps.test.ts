import { expect, test } from "vitest";
import { runNow, sortSteps } from "../../../schemas/lib/steps.ts";
import { randomFrom, seed } from "../support/random.ts";

const byKey = (a: { key: number }, b: { key: number }): number => a.key - b.key;

test("[R13] a sort in steps is a sort that keeps the order of what is equal", () => {
  const random = randomFrom(seed);
  for (const length of [0, 1, 255, 256, 257, 512, 513, 3_000]) {
    const items = Array.from({ length }, (_, place) => ({ key: random(40), place }));
    expect(runNow(sortSteps(items, byKey)), `seed ${seed}, ${length} items`).toEqual(items.toSorted(byKey));
  }
});
