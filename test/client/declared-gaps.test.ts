import { expect, test } from "vitest";
import { type DeclaredGap, DeclaredGaps } from "../../client/capture/declared-gaps.ts";
import { limits } from "../../schemas/limits.ts";

const gapAt = (from: number, to = from): DeclaredGap => ({ from, to, cause: "capture_stall" });

test("gaps among seconds that were never sent move with them; those before stay", () => {
  const gaps = new DeclaredGaps();
  for (const gap of [gapAt(3, 4), gapAt(5, 6)]) expect(gaps.add(gap)).toBe(true);
  gaps.renumber(5, 10);
  expect(gaps.messages()).toEqual([
    { type: "gap", from_seq: 3, to_seq: 4, cause: "capture_stall" },
    { type: "gap", from_seq: 15, to_seq: 16, cause: "capture_stall" },
  ]);
});

test("no more are told than the room notes", () => {
  const gaps = new DeclaredGaps();
  for (let n = 1; n <= limits.maxGapNotes; n += 1) gaps.add(gapAt(n));
  expect(gaps.add(gapAt(limits.maxGapNotes + 1))).toBe(false);
  expect(gaps.messages()).toHaveLength(limits.maxGapNotes);
});
