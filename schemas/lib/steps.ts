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

/** Items that are sorted at once, between two steps. */
const runItems = 256;

/** A sorted copy; what is equal keeps its order. */
export function* sortSteps<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  const runs: T[][] = [];
  for (let at = 0; at < items.length; at += runItems) {
    runs.push(items.slice(at, at + runItems).sort(compare));
    yield;
  }
  return [...(yield* mergeSteps(runs, compare))];
}

/** Lists that are in order as one; of what is equal, that of the earlier list comes first. */
export function* mergeSteps<T>(lists: readonly (readonly T[])[], compare: (a: T, b: T) => number): Steps<readonly T[]> {
  let runs = lists;
  while (runs.length > 1) {
    const longer: (readonly T[])[] = [];
    for (let i = 0; i < runs.length; i += 2) longer.push(yield* merged(runs[i] ?? [], runs[i + 1] ?? [], compare));
    runs = longer;
  }
  return runs[0] ?? [];
}

function* merged<T>(first: readonly T[], second: readonly T[], compare: (a: T, b: T) => number): Steps<readonly T[]> {
  if (first.length === 0 || second.length === 0) return second.length === 0 ? first : second;
  const both: T[] = [];
  let [i, k] = [0, 0];
  while (i < first.length || k < second.length) {
    const takesFirst = i < first.length && (k >= second.length || compare(first[i] as T, second[k] as T) <= 0);
    both.push((takesFirst ? first[i] : second[k]) as T);
    if (takesFirst) i += 1;
    else k += 1;
    if (both.length % runItems === 0) yield;
  }
  return both;
}
