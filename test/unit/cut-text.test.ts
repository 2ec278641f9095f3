/** Texts that are cut to a bound: never through a character, wherever a text of anybody's comes in. */
import { expect, test } from "vitest";
import * as z from "zod";
import { beginningOf } from "../../schemas/cut-text.ts";
import { wordsOf } from "../../server/shared/http/issue-words.ts";

const face = "\u{1F600}";

test("as much as fits, and no half of a pair", () => {
  expect(beginningOf("short", 10)).toBe("short");
  expect(beginningOf(face, 2)).toBe(face);
  for (let max = 0; max <= 8; max += 1) {
    for (const text of [face.repeat(4), `a${face.repeat(4)}`, `${face}ab${face}`]) {
      const cut = beginningOf(text, max);
      expect(text.startsWith(cut)).toBe(true);
      expect(cut.isWellFormed()).toBe(true);
      expect(cut.length).toBeGreaterThanOrEqual(Math.min(text.length, max) - 1);
      expect(cut.length).toBeLessThanOrEqual(max);
    }
  }
});

test("a name that nobody knows is quoted so, too", () => {
  const schema = z.strictObject({ known: z.string() });
  for (const before of ["", "a"]) {
    const input = { known: "", [before + face.repeat(100)]: 1 };
    const { error } = schema.safeParse(input);
    if (!error) throw new Error("the name was taken");
    const { field } = wordsOf(error, schema, input, "body");
    expect(field).toContain(face);
    expect(field.isWellFormed()).toBe(true);
  }
});
