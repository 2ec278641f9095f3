import { describe, expect, test } from "vitest";
import { intentOf } from "../../../server/app/chat/quote/intent.ts";
import { markedLines } from "../../../server/app/chat/quote/rules.ts";
import { summaryOf } from "../../../server/app/chat/quote/summary.ts";
import { clockOf, lengthOf } from "../../../server/app/chat/quote/words.ts";

const known = ["Ada Lovelace", "Bob"];
const kinds: readonly (readonly [string, object])[] = [
  ["Summarize the meeting", { kind: "summary" }],
  ["What was this meeting about?", { kind: "summary" }],
  ["What did we discuss?", { kind: "summary" }],
  ["What was said about the budget?", { kind: "search" }],
  ["How long did Ada speak?", { kind: "talk_time" }],
  ["Who talked the most?", { kind: "talk_time" }],
  ["Who was there?", { kind: "people" }],
  ["Who was in charge of the budget?", { kind: "people" }],
  ["What was decided?", { kind: "marked", mark: "decisions", topic: false }],
  ["What did Bob decide?", { kind: "marked", mark: "decisions", topic: false }],
  ["What was decided about the budget?", { kind: "marked", mark: "decisions", topic: true }],
  ["Which questions are still open?", { kind: "marked", mark: "questions", topic: false }],
  ["What are the next steps?", { kind: "marked", mark: "actions", topic: false }],
  ["What did Ada say about rain?", { kind: "said_by", speaker: "Ada Lovelace", named: "Ada" }],
  ["What did Ada Lovelace say?", { kind: "said_by", speaker: "Ada Lovelace", named: "Ada Lovelace" }],
  ["What did Zoe say about rain?", { kind: "said_by", speaker: undefined, named: "Zoe" }],
  ["When is the launch?", { kind: "search" }],
];

test.each(kinds)("[J5] %s", (question, kind) => {
  expect(intentOf(question, known)).toEqual(kind);
});

const linesOf = (...said: readonly (readonly [speaker: string, text: string])[]) =>
  said.map(([speaker, text], place) => ({ session_id: "s", place, speaker, text }));
const found = (mark: Parameters<typeof markedLines>[0], lines: ReturnType<typeof linesOf>): string[] =>
  markedLines(mark, lines).map(({ text }) => text);

describe("rules", () => {
  test("[J5] a decision is a statement that something is decided, and not that it is not", () => {
    const lines = linesOf(
      ["A", "We decided to move to Lisbon."],
      ["B", "So we agreed on blue?"],
      ["A", "It is not decided yet."],
      ["B", "Let's go with the small one."],
      ["A", "I like trains."],
    );
    expect(found("decisions", lines)).toEqual(["We decided to move to Lisbon.", "Let's go with the small one."]);
  });

  test("[J5] a question is open where another one did not answer it", () => {
    const lines = linesOf(
      ["A", "Who pays for it?"],
      ["B", "I'm not sure, let us find out."],
      ["A", "When does it start?"],
      ["B", "It starts at nine."],
      ["A", "And where?"],
    );
    expect(found("questions", lines)).toEqual(["Who pays for it?", "And where?"]);
  });

  test("[J5] a task is taken on or asked for", () => {
    const lines = linesOf(["A", "I'll send the draft."], ["B", "Could you please check it?"], ["A", "It rained."]);
    expect(found("actions", lines)).toHaveLength(2);
  });
});

test("[J5] a summary is what shares most words with the rest, in order, and the same each time", () => {
  const lines = [
    "The budget of the launch is small.",
    "It rained on Tuesday afternoon again.",
    "The launch needs a larger budget this year.",
    "Is it enough for a launch?",
  ].map((text) => ({ text }));
  const best = summaryOf(lines, 2);
  expect(best.map(({ text }) => text)).toEqual([lines[0]?.text, lines[2]?.text]);
  expect(summaryOf(lines, 2)).toEqual(best);
  expect(summaryOf([], 2)).toEqual([]);
  expect(
    summaryOf(
      Array.from({ length: 2_000 }, (_, i) => ({ text: `line ${i} of a long long meeting` })),
      3,
    ),
  ).toHaveLength(3);
});

test("[J5] times and lengths as people say them", () => {
  expect([clockOf(7_900), clockOf(61_000), clockOf(3_723_000)]).toEqual(["0:07", "1:01", "1:02:03"]);
  expect([lengthOf(0), lengthOf(59_600), lengthOf(125_000), lengthOf(3_600_000)]).toEqual([
    "0 s",
    "1 min",
    "2 min 5 s",
    "1 h",
  ]);
});
