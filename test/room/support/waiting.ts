/** Waiting that ends: each helper gives up with a message that says what never came. Real time, not `clock`. */
import { withTimeout } from "../../../schemas/lib/timeout.ts";

const defaultWaitMs = 10_000;

export function within<T>(promise: Promise<T>, what: string, ms = defaultWaitMs): Promise<T> {
  return withTimeout(promise, ms, () => new Error(`gave up after ${ms} ms waiting for ${what}`));
}

/** Asks again and again until the answer is true. */
export async function eventually(
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  ms = defaultWaitMs,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`gave up after ${ms} ms waiting until ${what}`);
    await scheduler.wait(5);
  }
}
