/** A property that did not hold: what the fuzzers look for. */
export class Finding extends Error {
  override readonly name = "Finding";
}

/** @throws Finding */
export function hold(isTrue: boolean, otherwise: string): asserts isTrue {
  if (!isTrue) throw new Finding(otherwise);
}

/** Compares what JSON can write. @throws Finding */
export function same(what: string, actual: unknown, expected: unknown): void {
  const [found, wanted] = [JSON.stringify(actual), JSON.stringify(expected)];
  hold(found === wanted, `${what} is ${found}; expected ${wanted}`);
}
