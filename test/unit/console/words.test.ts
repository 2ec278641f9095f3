/** Numbers in the console, as people read them. */
import { expect, test } from "vitest";
import { dollarWords } from "../../../client/console/parts/words.ts";

test.each([
  ["0.000", "$0.000"],
  ["999.999", "$999.999"],
  ["12360.866", "$12,360.866"],
  ["-47144.499", "-$47,144.499"],
  ["1234567", "$1,234,567"],
])("%s is read as %s: every digit as it was told", (shown, words) => {
  expect(dollarWords(shown)).toBe(words);
});
