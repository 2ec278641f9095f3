/** Word errors, by hand, by examples that another scorer publishes, and by what must hold of any. */
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { alignWords, countErrors, sumOf, wordErrorRate } from "../../../scripts/speech/word-errors.ts";
import { seed } from "../support/random.ts";

const errorsOf = (said: string, heard: string) =>
  countErrors(alignWords(said.split(" ").filter(Boolean), heard.split(" ").filter(Boolean)));

const distance = (said: readonly string[], heard: readonly string[]): number => {
  const { substitutions, deletions, insertions } = countErrors(alignWords(said, heard));
  return substitutions + deletions + insertions;
};

describe("errors that were counted by hand", () => {
  it.each([
    ["the same", "the same", 2, 0, 0, 0],
    ["", "", 0, 0, 0, 0],
    ["", "nobody said this", 0, 0, 0, 3],
    ["all of it lost", "", 4, 0, 4, 0],
    ["a clock that went backwards", "a look at when backwards", 5, 3, 0, 0],
    ["writing the runbook", "writing the round book", 3, 1, 0, 1],
    ["one two three four", "two three four five", 4, 0, 1, 1],
    ["a b c d e f", "a x c e f g", 6, 1, 1, 1],
    ["no no no", "no", 3, 0, 2, 0],
  ])("%j heard as %j", (said, heard, words, substitutions, deletions, insertions) => {
    expect(errorsOf(said, heard)).toEqual({ words, substitutions, deletions, insertions });
  });

  // The examples of jiwer's documentation, with the rates that it gives.
  it.each([
    [["hello world"], ["hello duck"], 0.5],
    [["hello world", "i like monthy python"], ["hello duck", "i like python"], 1 / 3],
    [["i can spell", "i hope"], ["i kan cpell", "i hop"], 0.6],
  ])("%j heard as %j", (said, heard, rate) => {
    const errors = sumOf(said.map((text, i) => errorsOf(text, heard[i] ?? "")));
    expect(wordErrorRate(errors)).toBeCloseTo(rate, 10);
  });

  it("each invented word is one where nobody spoke", () => {
    expect(wordErrorRate(errorsOf("", "thank you"))).toBe(2);
    expect(wordErrorRate(errorsOf("", ""))).toBe(0);
  });
});

describe("what holds of any two texts", () => {
  const words = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 7 });
  /** By definition, in exponential time. */
  const fewest = ([a, ...said]: readonly string[], [b, ...heard]: readonly string[]): number => {
    if (a === undefined) return b === undefined ? 0 : 1 + heard.length;
    if (b === undefined) return 1 + said.length;
    if (a === b) return fewest(said, heard);
    return 1 + Math.min(fewest(said, heard), fewest(said, [b, ...heard]), fewest([a, ...said], heard));
  };

  it("the fewest errors that explain what was heard, and both texts whole", () => {
    fc.assert(
      fc.property(words, words, (said, heard) => {
        const pairs = alignWords(said, heard);
        expect(pairs.flatMap((pair) => (pair.said === undefined ? [] : [pair.said]))).toEqual(said);
        expect(pairs.flatMap((pair) => (pair.heard === undefined ? [] : [pair.heard]))).toEqual(heard);
        expect(distance(said, heard)).toBe(fewest(said, heard));
      }),
      { seed },
    );
  });

  it("a way there is as long as the way back, and no detour is shorter", () => {
    fc.assert(
      fc.property(words, words, words, (a, b, c) => {
        expect(distance(a, b)).toBe(distance(b, a));
        expect(distance(a, c)).toBeLessThanOrEqual(distance(a, b) + distance(b, c));
      }),
      { seed },
    );
  });
});
