/** Breaches of the contract, and how they are found. */
import { isDeepStrictEqual } from "node:util";

/** The room broke a rule, as one sentence. Anything else that is thrown is a fault of the suite or the machine. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** @throws Violation unless both are the same, however deep. */
export function same(what: string, actual: unknown, expected: unknown): void {
  if (isDeepStrictEqual(actual, expected)) return;
  throw new Violation(`${what} is ${JSON.stringify(actual)}; expected ${JSON.stringify(expected)}`);
}

/** @throws Violation */
export function hold(is: boolean, sentence: string): void {
  if (!is) throw new Violation(sentence);
}
