/** Frames that come close together are one turn of the thread. */
import { expect, test } from "vitest";
import { FrameBatch } from "../../server/gateway/room/frame-batch.ts";

function batch() {
  const handled: number[] = [];
  const steps: (() => void)[] = [];
  const clock = { ms: 0 };
  const frames = new FrameBatch<number>({
    handle: (frame) => handled.push(frame),
    now: () => clock.ms,
    soon: (step) => steps.push(step),
  });
  const turn = (): void => {
    for (const step of steps.splice(0)) step();
  };
  return { frames, handled, clock, turn, steps };
}

test("[K10] a frame that comes alone is handled at once", () => {
  const { frames, handled, clock, steps } = batch();
  for (const ms of [0, 20, 40]) {
    clock.ms = ms;
    frames.came(ms);
    expect(handled.at(-1)).toBe(ms);
  }
  expect(steps).toEqual([]);
});

test("[K10] frames that come close together are handled in one turn, in their order", () => {
  const { frames, handled, clock, turn } = batch();
  for (const frame of [1, 2, 3, 4]) frames.came(frame);
  expect(handled).toEqual([1]);
  // What waits keeps its place also where the next one comes late.
  clock.ms = 50;
  frames.came(5);
  expect(handled).toEqual([1]);
  turn();
  expect(handled).toEqual([1, 2, 3, 4, 5]);
});

test("[K10] what waits is bounded, however much comes in one turn", () => {
  const { frames, handled, steps } = batch();
  for (let frame = 0; frame < 1_000; frame += 1) frames.came(frame);
  expect(1_000 - handled.length).toBeLessThanOrEqual(64);
  expect(steps.length).toBe(1);
});

test("[K10] a frame that comes while others are handled is handled after them, once", () => {
  const handled: number[] = [];
  const steps: (() => void)[] = [];
  const frames: FrameBatch<number> = new FrameBatch<number>({
    handle: (frame) => {
      handled.push(frame);
      if (frame === 2) frames.came(9);
    },
    now: () => 0,
    soon: (step) => steps.push(step),
  });
  for (const frame of [1, 2, 3]) frames.came(frame);
  for (let n = 0; n < 3; n += 1) for (const step of steps.splice(0)) step();
  expect(handled).toEqual([1, 2, 3, 9]);
});

test("[K10] flushed, nothing waits and nothing comes twice", () => {
  const { frames, handled, turn } = batch();
  for (const frame of [1, 2, 3]) frames.came(frame);
  frames.flush();
  expect(handled).toEqual([1, 2, 3]);
  turn();
  expect(handled).toEqual([1, 2, 3]);
});
