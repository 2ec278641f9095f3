/** What runs on a page's audio thread: where its blocks end, by the two clocks that it has. */
import { expect, test } from "vitest";
import { processorSource } from "../../client/browser/source-processor.ts";

const quantum = 128;
const rateHz = 48_000;

interface Block {
  readonly samples: Float32Array;
  readonly endedAt: number;
}

interface Processor {
  process(inputs: readonly (readonly Float32Array[])[]): boolean;
}

/** The audio thread's world: quanta of a counter, with the clocks as the test sets them. */
class Thread {
  readonly blocks: Block[] = [];
  wall = 1_700_000_000_000;
  frame = 0;
  readonly #processor: Processor;
  #sample = 0;

  constructor() {
    const blocks = this.blocks;
    const port = { onmessage: null, postMessage: (block: Block | null) => void (block && blocks.push(block)) };
    let made: (new (options: object) => Processor) | undefined;
    const world = {
      AudioWorkletProcessor: class {
        readonly port = port;
      },
      registerProcessor: (_: string, own: new (options: object) => Processor) => {
        made = own;
      },
      Date: { now: () => this.wall },
    };
    const frameOf = (): number => this.frame;
    Object.defineProperty(globalThis, "currentFrame", { configurable: true, get: frameOf });
    // oxlint-disable-next-line typescript/no-implied-eval, no-new-func -- the script is text, for a world of its own
    new Function(...Object.keys(world), processorSource)(...Object.values(world));
    if (!made) throw new Error("nothing was registered");
    this.#processor = new made({ processorOptions: { blockSamples: 4_800, channels: 1 } });
  }

  /** So many quanta, one after the other. */
  run(count: number): this {
    for (let n = 0; n < count; n += 1) {
      const samples = Float32Array.from({ length: quantum }, () => this.#sample++);
      this.#processor.process([[samples]]);
      this.frame += quantum;
      this.wall += (quantum / rateHz) * 1_000;
    }
    return this;
  }

  /** The first sample of each block, and how many it has. */
  get shape(): [number | undefined, number][] {
    return this.blocks.map(({ samples }) => [samples[0], samples.length]);
  }
}

/** As many quanta as fill a block, and the samples that they have. */
const full = Math.floor(4_800 / quantum);

test("[C10] a block is as long as it may be, and none lacks a sample", () => {
  const thread = new Thread().run(4 * full);
  expect(thread.shape).toEqual([0, 1, 2].map((n) => [n * full * quantum, full * quantum]));
});

test.each([
  ["a context that was suspended", (thread: Thread) => (thread.wall += 5_000)],
  ["a clock that was set back", (thread: Thread) => (thread.wall -= 3_600_000)],
  ["a clock that was set back further than it was suspended for", (thread: Thread) => (thread.wall += 5_000 - 9_000)],
  ["frames that are missing while the clock was set back as far", (thread: Thread) => (thread.frame += 240_000)],
])("[C10] %s ends a block: none has samples of both sides", (_, disturb) => {
  const thread = new Thread().run(10);
  disturb(thread);
  thread.run(2 * full);
  expect(thread.shape.slice(0, 2)).toEqual([
    [0, 10 * quantum],
    [10 * quantum, full * quantum],
  ]);
});

test("[C10] each block says when its own last sample came, by the clock as it was then", () => {
  const thread = new Thread();
  const begun = thread.wall;
  thread.run(10);
  const before = thread.wall - (quantum / rateHz) * 1_000;
  thread.wall -= 3_600_000;
  thread.run(2 * full);
  expect(thread.blocks[0]?.endedAt).toBeCloseTo(before, 6);
  expect(thread.blocks[1]?.endedAt).toBeLessThan(begun);
});
