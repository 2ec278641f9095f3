/** Lines that stand for a meeting: those that share most words with the others (TextRank), in the meeting's order. Pure. */
import { isQuestion } from "../../search/rank-lines.ts";
import { askedStems, stemsOf } from "../../search/words.ts";

/** Lines beyond it are thinned out evenly: the work grows with their square. */
const maxLines = 400;
const rounds = 20;
const damping = 0.85;
const leastWords = 5;

export function summaryOf<L extends { readonly text: string }>(lines: readonly L[], most: number): L[] {
  const step = Math.max(1, lines.length / maxLines);
  const some = Array.from({ length: Math.min(lines.length, maxLines) }, (_, i) => lines[Math.floor(i * step)]).flatMap(
    (line) => line ?? [],
  );
  const told = some.filter(({ text }) => !isQuestion(text) && stemsOf(text).length >= leastWords);
  const words = told.map(({ text }) => new Set(askedStems(text, 60)));
  const weights = words.map((a, i) => words.map((b, j) => (i === j ? 0 : likeness(a, b))));
  const sums = weights.map((row) => row.reduce((sum, weight) => sum + weight, 0));
  let scores = told.map(() => 1);
  for (let round = 0; round < rounds; round += 1) {
    scores = scores.map((_, i) => {
      const given = scores.reduce((sum, score, j) => {
        const all = sums[j] ?? 0;
        return all === 0 ? sum : sum + (score * (weights[j]?.[i] ?? 0)) / all;
      }, 0);
      return 1 - damping + damping * given;
    });
  }
  const best = new Set(
    told
      .map((line, i) => ({ line, score: scores[i] ?? 0 }))
      .sort((a, b) => b.score - a.score)
      .slice(0, most)
      .map(({ line }) => line),
  );
  return told.filter((line) => best.has(line));
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size < 2 || b.size < 2) return 0;
  let shared = 0;
  for (const word of a) if (b.has(word)) shared += 1;
  return shared / (Math.log(a.size) + Math.log(b.size));
}
