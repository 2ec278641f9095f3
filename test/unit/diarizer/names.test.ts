import { describe, expect, it, vi } from "vitest";
import { ExpectedNames, findIntroduction } from "../../../server/shared/diarizer/names.ts";
import { randomFrom, seed } from "../support/random.ts";

const roster = ["Alice Smith", "Bob", "Callum", "José", "Will", "Grace Hopper", "Alan Kay", "Alan Turing", "Jean-Luc"];
const names = new ExpectedNames(roster);

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
    expect(findIntroduction(text, names)).toMatchObject({ rosterName: name, strong });
  });

  it.each(notIntroduced)("%j introduces nobody", (text) => {
    expect(findIntroduction(text, names)).toBeUndefined();
  });

  it("reports a name that nobody expects, and believes it not", () => {
    expect(findIntroduction("My name is Zoë, hello", names)).toEqual({
      said: "Zoë",
      rosterName: undefined,
      strong: false,
    });
    expect(findIntroduction("This is Paris", names)).toBeUndefined();
  });

  it.each([
    ["Hello, this is Calum, I am here to take notes.", "Callum"],
    ["I'm Sarah.", "Sara Lee"],
    ["My name is Stephen.", "Steven"],
    ["I am Don.", undefined],
    ["I am Dean.", undefined],
    ["I am Jon.", undefined],
    ["this is Calum's desk", undefined],
    ["this is calum", undefined],
  ])("[S6] a name that is heard is known by its sound, where one name alone sounds so: %s", (text, name) => {
    const heard = new ExpectedNames(["Callum", "Sara Lee", "Steven", "Dan", "John", "Jonn"]);
    expect(findIntroduction(text, heard)?.rosterName).toBe(name);
  });

  it("knows nobody without a roster", () => {
    expect(findIntroduction("I am Bob", new ExpectedNames([]))).toBeUndefined();
    expect(findIntroduction("I am anything", new ExpectedNames(["", " "]))).toBeUndefined();
  });
});

describe("names of a long roster", () => {
  it("[R11] takes as many steps as there are names to make them, once, and none of them for each caption", () => {
    const normalized = vi.spyOn(String.prototype, "normalize");
    const many = new ExpectedNames(Array.from({ length: 1_000 }, (_, n) => `Given${n} Family${n}`));
    expect(normalized.mock.calls.length).toBeLessThanOrEqual(2_000);
    normalized.mockClear();
    for (let n = 0; n < 500; n += 1) findIntroduction(`I am Given${n}, and I am Given${n}.`, many);
    expect(normalized.mock.calls.length).toBe(500);
    normalized.mockRestore();
  });

  it("[R11] looks up one text for each length of a name that begins alike, however many do", () => {
    const alike = new ExpectedNames(Array.from({ length: 1_000 }, (_, n) => `Alex ${String(n).padStart(4, "0")}`));
    expect(alike.candidates("alex 0999 is here")).toEqual(["alex 0999"]);
    expect(alike.candidates("alexa is here")).toEqual([]);
    expect(alike.at("alex 0999 is here")?.name).toBe("Alex 0999");
  });

  it("[R11] finds the name that a search through all of them finds", () => {
    const random = randomFrom(seed);
    const pick = <T>(items: readonly T[]): T => items[random(items.length)] as T;
    const parts = ["al", "Al", "bo", "José", "o'", "-luc", ".x", " ", "  ", "ann", "İ", "9"];
    const word = (most: number): string => Array.from({ length: random(most + 1) }, () => pick(parts)).join("");
    for (let round = 0; round < 400; round += 1) {
      const people = Array.from({ length: random(12) }, () => word(4));
      const expected = new ExpectedNames(people);
      for (let n = 0; n < 20; n += 1) {
        const text = fold(word(5));
        expect(expected.at(text)?.name, `seed ${seed}: ${JSON.stringify({ people, text })}`).toBe(
          foundInAll(people, text),
        );
      }
    }
  });

  it("[R11] knows what stands before a phrase, however far it stands from the text's beginning", () => {
    const far = "word ".repeat(500);
    expect(findIntroduction(`${far}and this is Callum`, names)).toBeUndefined();
    expect(findIntroduction(`${far}she thinks   I'm Bob`, names)).toBeUndefined();
    expect(findIntroduction(`${far}good afternoon this is Callum`, names)).toMatchObject({ strong: true });
    expect(findIntroduction(`${far}xgood-afternoons this is Callum`, names)).toMatchObject({ strong: false });
  });
});

function fold(text: string): string {
  return Array.from(text, (character) => {
    const folded = character.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
    return folded.length === character.length ? folded : character;
  }).join("");
}

/** The slow way: every name, and every first name that is one person's, the longest first. */
function foundInAll(people: readonly string[], text: string): string | undefined {
  const full = people.map((name) => ({ spoken: fold(name.trim().normalize("NFC")), name }));
  const first = full.flatMap(({ spoken, name }) => {
    const given = spoken.split(/\s+/u)[0] ?? "";
    return given === spoken ? [] : [{ spoken: given, name }];
  });
  const own = first.filter(
    ({ spoken, name }) => ![...full, ...first].some((other) => other.spoken === spoken && other.name !== name),
  );
  return [...full, ...own]
    .filter(({ spoken }) => spoken !== "")
    .toSorted((a, b) => b.spoken.length - a.spoken.length)
    .find(({ spoken }) => text.startsWith(spoken) && !/^[\p{L}\p{N}'-]/u.test(text.slice(spoken.length)))?.name;
}
