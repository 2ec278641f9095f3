/** A short `npm run prove`: the command itself takes more blows, at a slower pace. */
import { expect, onTestFinished, test } from "vitest";
import { Prove } from "../../scripts/lib/prove-run.ts";
import { seed } from "../unit/support/random.ts";

test(`[K3] a meeting through faults, disconnects and two kills is in R2 to the byte (seed ${seed})`, async () => {
  const run = new Prove({ seed, disconnects: 3, speed: 15, print: console.log });
  onTestFinished(() => run.stop(), 30_000);
  expect(await run.run()).toMatchObject({ coverage: 1 });
}, 150_000);
