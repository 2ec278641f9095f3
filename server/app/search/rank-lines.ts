/**
 * Ranks the lines of meetings by how much of a question they cover. A rare word counts more than a common one; a word of the line
 * before counts in part, and more where that line is a question, since what answers it seldom says its words again. A question is
 * ranked down: it asks, and does not answer. Pure.
 */
import { stemsOf } from "./words.ts";

export interface Line {
  readonly session_id: string;
  readonly place: number;
  readonly speaker: string | null;
  readonly text: string;
}

/** A word of the question, and in how many lines it stands. */
export interface Term {
  readonly stem: string;
  readonly lines: number;
}

export interface Ranked<L> {
  readonly line: L;
  /** How much of the question it covers, from 0 to a little above 1. */
  readonly score: number;
}

const fromBefore = 0.4;
const fromQuestionBefore = 0.75;
const fromAfter = 0.25;
const asQuestion = 0.45;
const asNamed = 1.25;
/** Of a line that says next to nothing. */
const asMurmur = 0.6;

/** @param lines in any order, with those around them. @param named speakers that the question names. @returns best first. */
export function rankLines<L extends Line>(
  lines: readonly L[],
  terms: readonly Term[],
  total: number,
  named: ReadonlySet<string>,
): Ranked<L>[] {
  // A word that stands nowhere says no more than one that stands once: people ask in words of their own.
  const weights = terms.map((term) => {
    const n = Math.max(1, term.lines);
    return Math.log(1 + (total - n + 0.5) / (n + 0.5));
  });
  const all = weights.reduce((sum, weight) => sum + weight, 0);
  const parts = new Map(lines.map((line) => [`${line.session_id}/${line.place}`, partsOf(line)]));
  const ranked = lines.map((line) => {
    const at = (step: number) => parts.get(`${line.session_id}/${line.place + step}`);
    const [own, before, beforeIt, after] = [at(0), at(-1), at(-2), at(1)];
    let sum = 0;
    for (const [index, { stem }] of terms.entries()) {
      const share = own?.stems.has(stem)
        ? 1
        : Math.max(
            before?.stems.has(stem) ? (before.isQuestion ? fromQuestionBefore : fromBefore) : 0,
            beforeIt?.isQuestion && beforeIt.stems.has(stem) ? fromBefore : 0,
            after?.stems.has(stem) ? fromAfter : 0,
          );
      sum += (weights[index] ?? 0) * share;
    }
    const isNamed = line.speaker !== null && named.has(line.speaker);
    const words = own?.stems.size ?? 0;
    const score =
      (sum / all) * (own?.isQuestion ? asQuestion : 1) * (isNamed ? asNamed : 1) * (words < 3 ? asMurmur : 1);
    return { line, score };
  });
  return ranked.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score || inOrder(a.line, b.line));
}

function partsOf({ text }: Line): { readonly stems: ReadonlySet<string>; readonly isQuestion: boolean } {
  return { stems: new Set(stemsOf(text)), isQuestion: isQuestion(text) };
}

export function isQuestion(text: string): boolean {
  return /\?["'”’)\]]*\s*$/.test(text);
}

/** What is equally good has an order all the same. */
function inOrder(a: Line, b: Line): number {
  if (a.session_id === b.session_id) return a.place - b.place;
  return a.session_id < b.session_id ? -1 : 1;
}
