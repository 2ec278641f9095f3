/** Words as they are looked for, and the lines that are found by them. */
import { describe, expect, it } from "vitest";
import { rankLines } from "../../../server/app/search/rank-lines.ts";
import { askedStems, stemsOf } from "../../../server/app/search/words.ts";

describe("words", () => {
  it.each([
    ["decided", "deciding"],
    ["decide", "decides"],
    ["The budgets", "the budget"],
    ["twelve", "12"],
    ["12,500", "12500"],
    ["Zoë's naïve plan", "zoe naive plans"],
    ["bought", "buys"],
    ["planned", "planning"],
    ["companies", "company"],
    ["shipped quickly", "ships quick"],
  ])("[J1] %s is found by %s", (said, asked) => {
    expect(stemsOf(said)).toEqual(stemsOf(asked));
  });

  it("[J1] words of other alphabets are themselves, and signs are none", () => {
    expect(stemsOf('Бюджет — 5.5 % «да» \u0000"OR" NEAR(')).toEqual(["бюджет", "5.5", "да", "or", "near"]);
  });

  it("[J1] a question is about its telling words alone", () => {
    expect(askedStems("What did they say about the launch date in the meeting?")).toEqual(["launch", "dat"]);
    expect(askedStems("What was it?")).toEqual([]);
  });
});

const line = (place: number, text: string, speaker: string | null = null) => ({
  session_id: "s",
  place,
  speaker,
  text,
});

describe("ranking", () => {
  const lines = [
    line(0, "Good morning everybody."),
    line(1, "When do we ship the beta?"),
    line(2, "On the ninth of March, if the tests hold.", "Ann"),
    line(3, "The beta of last year went badly.", "Bob"),
  ];
  const terms = [
    { stem: "ship", lines: 1 },
    { stem: "beta", lines: 2 },
  ];

  it("[J1] what answers a question goes before the question, which says the same words", () => {
    const [best, ...rest] = rankLines(lines, terms, 40, new Set());
    expect(best?.line.place).toBe(2);
    expect(rest.map(({ line: { place } }) => place)).toContain(1);
  });

  it("[J1] whom the question names goes before others", () => {
    const both = [line(0, "The budget is tight.", "Ann"), line(5, "The budget is tight.", "Bob")];
    const ranked = rankLines(both, [{ stem: "budget", lines: 2 }], 40, new Set(["Bob"]));
    expect(ranked[0]?.line.speaker).toBe("Bob");
  });
});
