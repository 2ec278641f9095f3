/**
 * Work that can be put down: a generator that yields after each small piece. The same work runs at once where nobody waits for
 * the thread, and in slices where somebody does. The number of its steps says how it grows, without a clock.
 */
export type Steps<T> = Generator<undefined, T, undefined>;

/** Does all of it. */
export function runNow<T>(work: Steps<T>): T {
  let step = work.next();
  while (!step.done) step = work.next();
  return step.value;
}
