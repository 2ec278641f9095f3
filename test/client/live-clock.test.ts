import { expect, test } from "vitest";
import { LiveClock } from "../../client/capture/live-clock.ts";
import { randomFrom, seed } from "../unit/support/random.ts";

/** Feeds blocks `[length, arrival]`, ms. @returns the gaps as `[blocks before it, ms]`. */
function play(blocks: Iterable<readonly [number, number]>, stallMs = 1_500): [number, number][] {
  const clock = new LiveClock<number>(stallMs);
  const gaps: [number, number][] = [];
  const order: number[] = [];
  let index = 0;
  const take = (steps: ReturnType<LiveClock<number>["flush"]>): void => {
    for (const step of steps) {
      if ("gapMs" in step) gaps.push([order.length, Math.round(step.gapMs)]);
      else order.push(step.block);
    }
  };
  for (const [ms, at] of blocks) take(clock.handleBlock(index++, ms, at));
  take(clock.flush());
  expect(order, "no block is lost, doubled or out of place").toEqual(Array.from({ length: index }, (_, i) => i));
  return gaps;
}

const steady = (count: number, ms = 100, from = 0): [number, number][] =>
  Array.from({ length: count }, (_, i) => [ms, from + (i + 1) * ms]);

test("[C1] a pause counts from its limit on, before the block that came late", () => {
  expect(play([...steady(10), ...steady(10, 100, 1_000 + 1_400)])).toEqual([]);
  expect(play([...steady(10), ...steady(10, 100, 1_000 + 3_000)])).toEqual([[10, 3_000]]);
});

test("a late block is decided about by the next one", () => {
  const clock = new LiveClock<string>(1_500);
  clock.handleBlock("a", 100, 100);
  expect(clock.handleBlock("b", 100, 5_200), "it may be the first of a burst").toEqual([]);
  expect(clock.handleBlock("c", 100, 5_300)).toEqual([{ gapMs: 5_000 }, { block: "b" }, { block: "c" }]);
});

test.for([2, 4, 6])("[C1] a source that hands over %i seconds at once has no gap, however long it runs", (seconds) => {
  const pieces = Math.ceil((seconds * 1_000) / 341);
  const pieceMs = (seconds * 1_000) / pieces;
  const bursts = Array.from({ length: 600 }, (_, burst) =>
    Array.from({ length: pieces }, (__, i): [number, number] => [pieceMs, (burst + 1) * seconds * 1_000 + i]),
  );
  expect(play(bursts.flat())).toEqual([]);
});

/** Two seconds that arrive at once. */
const burst = (at: number): [number, number][] => Array.from({ length: 6 }, (_, i) => [2_000 / 6, at + i]);

test("time between bursts that no burst makes up for is a gap", () => {
  const gaps = play([...burst(2_000), ...burst(4_000), ...burst(10_000), ...burst(12_000)]);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]?.[0]).toBe(12);
  expect(Math.abs((gaps[0]?.[1] ?? 0) - 4_000)).toBeLessThan(50);
});

test("[C1] a page that was busy gets its blocks late and all at once: no gap", () => {
  const late = Array.from({ length: 80 }, (_, i): [number, number] => [100, 9_000 + i]);
  expect(play([...steady(10), ...late, ...steady(20, 100, 9_080)])).toEqual([]);
});

test.for([300, -300])("a device whose clock drifts by %i millionths has no gap in a day", (millionths) => {
  function* day(): Generator<[number, number]> {
    for (let i = 1; i <= 86_400; i += 1) yield [1_000, i * 1_000 * (1 + millionths / 1e6)];
  }
  expect(play(day())).toEqual([]);
});

test(`jitter is no gap, and a pause in it is found once (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const blocks = steady(3_000).map(([ms, at], i): [number, number] => [
    ms,
    at + random(400) + (i >= 2_000 ? 20_000 : 0),
  ]);
  const gaps = play(blocks);
  expect(gaps).toHaveLength(1);
  expect(gaps[0]?.[0]).toBe(2_000);
  expect(Math.abs((gaps[0]?.[1] ?? 0) - 20_000)).toBeLessThan(1_000);
});

test("[C1] a source that dies leaves the time until its end as a gap; one that ran till then does not", () => {
  const clock = new LiveClock<number>(1_500);
  expect(clock.tailMs(9_000), "nothing came yet").toBe(0);
  clock.handleBlock(0, 100, 100);
  expect(clock.tailMs(1_000)).toBe(0);
  expect(clock.tailMs(12_100)).toBe(12_000);
});

test("[C1] a source of bursts that ends before its next one leaves no gap", () => {
  const clock = new LiveClock<number>(1_500);
  for (const [index, [ms, at]] of [...burst(2_000), ...burst(4_000), ...burst(6_000)].entries())
    clock.handleBlock(index, ms, at);
  expect(clock.tailMs(8_000)).toBe(0);
  expect(clock.tailMs(16_000)).toBeGreaterThan(7_000);
});
