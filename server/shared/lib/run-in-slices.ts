/** Work that can be put down, done in slices: others of the thread get their turn between two of them. */
import type { Steps } from "../../../schemas/lib/steps.ts";
import { giveWay } from "./wait.ts";

/** Less than a millisecond of work: what an ack waits for is several slices, one for each hop of its frame. */
const stepsOfSlice = 250;

export async function runInSlices<T>(work: Steps<T>): Promise<T> {
  for (let steps = 1; ; steps += 1) {
    const step = work.next();
    if (step.done) return step.value;
    if (steps % stepsOfSlice === 0) await giveWay();
  }
}
