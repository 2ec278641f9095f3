/** An evaluation of speech recognition as text. Pure. */
import { type Pair, sumOf, type WordErrors, wordErrorRate } from "./word-errors.ts";

export interface Outcome {
  readonly name: string;
  readonly seconds: number;
  readonly workSeconds: number;
  readonly heard: string;
  readonly pairs: readonly Pair[];
  readonly errors: WordErrors;
}

/** One row of the table. `rate` and `realTimeFactor` are shares: 0.05 for 5 %. */
export interface Score extends WordErrors {
  readonly name: string;
  readonly rate: number;
  readonly seconds: number;
  /** Seconds of work for a second of audio. */
  readonly realTimeFactor: number;
}

/** One for each recording, and one for all of them. */
export function scoresOf(outcomes: readonly Outcome[]): Score[] {
  const scores = outcomes.map((outcome) => scoreOf(outcome.name, [outcome]));
  return outcomes.length > 1 ? [...scores, scoreOf("all", outcomes)] : scores;
}

function scoreOf(name: string, outcomes: readonly Outcome[]): Score {
  const errors = sumOf(outcomes.map((outcome) => outcome.errors));
  const seconds = outcomes.reduce((sum, outcome) => sum + outcome.seconds, 0);
  const workSeconds = outcomes.reduce((sum, outcome) => sum + outcome.workSeconds, 0);
  return { name, rate: wordErrorRate(errors), ...errors, seconds, realTimeFactor: workSeconds / seconds };
}

export function formatScores(scores: readonly Score[]): string[] {
  const rows = scores.map((score) => [
    score.name,
    `${(score.rate * 100).toFixed(1)} %`,
    ...[score.words, score.substitutions, score.deletions, score.insertions].map(String),
    `${score.seconds.toFixed(1)} s`,
    score.realTimeFactor.toFixed(3),
  ]);
  const head = ["recording", "WER", "words", "wrong", "left out", "invented", "audio", "real-time factor"];
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  return [head, ...rows].map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
}

/** Words that are right as they are, `[said>heard]`, `[-left out]`, `[+invented]`. */
export function formatErrors(pairs: readonly Pair[]): string {
  return pairs.map(formatPair).join(" ");
}

function formatPair({ said, heard }: Pair): string {
  if (said === undefined) return `[+${heard ?? ""}]`;
  if (heard === undefined) return `[-${said}]`;
  return said === heard ? said : `[${said}>${heard}]`;
}
