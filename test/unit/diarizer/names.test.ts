import { describe, expect, it } from "vitest";
import { findIntroduction } from "../../../server/shared/diarizer/names.ts";

const roster = ["Alice Smith", "Bob", "Callum", "José", "Will", "Grace Hopper", "Alan Kay", "Alan Turing", "Jean-Luc"];

const introduced: [text: string, name: string, strong?: boolean][] = [
  ["Good morning. My name is Alice, and I will lead the interview.", "Alice Smith"],
  ["my name is alice smith and i lead", "Alice Smith"],
  ["My name's Bob.", "Bob"],
  ["Good morning. I am Bob. I have been working.", "Bob"],
  ["hi i'm bob from sales", "Bob"],
  ["I’m Callum", "Callum"],
  ["Hello, this is Callum. I am here to take notes.", "Callum"],
  ["good morning this is callum", "Callum"],
  ["you should know this is callum speaking", "Callum", false],
  ["and i am bob", "Bob"],
  ["my name is jose", "José"],
  ["MY NAME IS JOSÉ", "José"],
  ["I am Will.", "Will"],
  ["my name is will", "Will"],
  ["I'm Grace", "Grace Hopper"],
  ["i am alan turing", "Alan Turing"],
  ["I am\nJean-Luc!", "Jean-Luc"],
  ["I am Bob. Yes, I am Bob.", "Bob"],
];

const notIntroduced = [
  "",
  "this is important",
  "I am here to take notes",
  "this is Callum's desk",
  "I am Bob’s manager",
  "and this is Callum, my colleague",
  "if I am Bob then who are you",
  "she thinks I'm Alice",
  "I am not Bob",
  "is this Bob",
  "Bob, could you tell us",
  "i am will ing to help",
  "i am will",
  "i'm frank about it",
  "I am Bobby",
  "I am Alan",
  "I am Bob. And I am Callum.",
  "i am jean",
];

describe("names from words", () => {
  it.each(introduced)("%j introduces %s", (text, name, strong = true) => {
    expect(findIntroduction(text, roster)).toMatchObject({ rosterName: name, strong });
  });

  it.each(notIntroduced)("%j introduces nobody", (text) => {
    expect(findIntroduction(text, roster)).toBeUndefined();
  });

  it("reports a name that nobody expects, and believes it not", () => {
    expect(findIntroduction("My name is Zoë, hello", roster)).toEqual({
      said: "Zoë",
      rosterName: undefined,
      strong: false,
    });
    expect(findIntroduction("This is Paris", roster)).toBeUndefined();
  });

  it("knows nobody without a roster", () => {
    expect(findIntroduction("I am Bob", [])).toBeUndefined();
    expect(findIntroduction("I am anything", ["", " "])).toBeUndefined();
  });
});
