import { expect, test } from "vitest";
import { SeqSet } from "../../client/capture/seq-set.ts";
import { randomFrom, seed } from "../unit/support/random.ts";

function rangesOf(seqs: ReadonlySet<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const seq of [...seqs].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && last[1] === seq - 1) last[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}

test(`does what a set of numbers does (seed ${seed})`, () => {
  for (let round = 0; round < 200; round += 1) {
    const random = randomFrom(seed + round);
    const [set, naive] = [new SeqSet(), new Set<number>()];
    const highest = 1 + random(60);
    for (let step = 0; step < 120; step += 1) {
      const seq = 1 + random(highest);
      const choice = random(10);
      if (choice < 4) {
        set.add(seq);
        naive.add(seq);
      } else if (choice < 5) {
        const to = seq + random(12) - 2;
        set.addRange(seq, to);
        for (let each = seq; each <= to; each += 1) naive.add(each);
      } else {
        if (set.delete(seq) !== naive.delete(seq)) throw new Error(`delete(${seq}) answers wrongly`);
      }
      expect(set.ranges()).toEqual(rangesOf(naive));
      const probe = random(highest + 14);
      expect(set.has(probe)).toBe(naive.has(probe));
      expect(set.size).toBe(naive.size);
    }
    const sorted = [...naive].sort((a, b) => a - b);
    expect([...set]).toEqual(sorted);
    expect([set.first, set.last]).toEqual([sorted[0], sorted.at(-1)]);
    expect(SeqSet.of(set.ranges()).ranges()).toEqual(set.ranges());
  }
});

test("may change while it is walked over", () => {
  const set = SeqSet.of([
    [1, 3],
    [7, 9],
  ]);
  const seen: number[] = [];
  for (const seq of set) {
    seen.push(seq);
    set.delete(seq);
  }
  expect(seen).toEqual([1, 2, 3, 7, 8, 9]);
  expect([set.size, set.first, set.last]).toEqual([0, undefined, undefined]);
});

test("ranges handed out are copies", () => {
  const set = SeqSet.of([[1, 3]]);
  const ranges = set.ranges();
  set.add(4);
  expect(ranges).toEqual([[1, 3]]);
});

test("shifting moves what lies from a number on, and splits a range there", () => {
  const set = SeqSet.of([
    [1, 4],
    [6, 7],
    [9, 9],
  ]);
  set.shift(3, 10);
  expect(set.ranges()).toEqual([
    [1, 2],
    [13, 14],
    [16, 17],
    [19, 19],
  ]);
  set.shift(13, 0);
  set.shift(100, 5);
  expect(set.ranges()).toHaveLength(4);
  set.shift(1, 1);
  expect(set.first).toBe(2);
});
