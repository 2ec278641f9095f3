import { expect, test } from "vitest";
import { GapPatience, gapPatienceMs } from "../../../server/app/hearing/gap-patience.ts";

test("[Q3] a missing second is waited for until its time is over, whatever comes behind it meanwhile", () => {
  const patience = new GapPatience();
  for (let s = 0; s <= 14; s += 1) patience.note(10 + s, 1_000_000 + 1_000 * s);
  expect(patience.isOver(5_000, 1_000_000 + gapPatienceMs - 1)).toBe(false);
  expect(patience.isOver(5_000, 1_000_000 + gapPatienceMs)).toBe(true);
  // What came later is waited for longer.
  expect(patience.isOver(20_500, 1_000_000 + gapPatienceMs)).toBe(false);
});

test("[Q3] a clock that is set back by an hour holds nobody up for that hour", () => {
  const patience = new GapPatience();
  patience.note(10, 3_600_000 + 1_000_000);
  expect(patience.isOver(5_000, 1_000_000)).toBe(true);
  patience.note(20, 1_000_000);
  expect(patience.isOver(15_000, 1_000_000)).toBe(false);
  expect(patience.isOver(15_000, 1_000_000 + gapPatienceMs)).toBe(true);
});
