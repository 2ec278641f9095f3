/** What is made one before words are compared, and what is not. */
import { describe, expect, it } from "vitest";
import { wordsOf } from "../../../scripts/speech/words.ts";

describe("the words of a text", () => {
  it.each([
    ["Okay, let us START.", "okay let us start"],
    ["twenty-one, 21, and 3 %", "twenty one twenty one and three percent"],
    ["1,204 of 999999", "one thousand two hundred four of nine hundred ninety nine thousand nine hundred ninety nine"],
    ["0 10 13 40 100 1000 1000000", "zero ten thirteen forty one hundred one thousand 1000000"],
    ["agent 007, at 3:05", "agent 007 at three 05"],
    ["don’t ‘quote’ it's", "don't quote it's"],
    ["Café naïve — full-width １２", "cafe naive full width twelve"],
    ["v2 is a 3D thing", "v two is a three d thing"],
    ["", ""],
    ["… ' — !", ""],
  ])("of %j", (text, words) => {
    expect(wordsOf(text).join(" ")).toBe(words);
  });

  it("are the same for what two writers of the same speech write", () => {
    expect(wordsOf("It's 5 o'clock.")).toEqual(wordsOf("it’s five O'CLOCK"));
    expect(wordsOf("OK, I am here")).not.toEqual(wordsOf("okay, I'm here"));
  });
});
