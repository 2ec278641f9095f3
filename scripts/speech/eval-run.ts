/** An evaluation of speech recognition: recordings, what is heard in them, errors, a table. */
import { plainJson } from "../../schemas/plain-json.ts";
import { existsSync } from "node:fs";
import { Failure } from "../../schemas/lib/failure.ts";
import type { EvalOptions } from "./eval-command.ts";
import { formatErrors, formatScores, type Outcome, scoresOf } from "./eval-table.ts";
import { readRecordings, type Recording } from "./recordings.ts";
import { alignWords, countErrors } from "./word-errors.ts";
import { wordsOf } from "./words.ts";

export interface Heard {
  readonly text: string;
  /** Of the audio. */
  readonly seconds: number;
  /** From the request to the whole answer. */
  readonly workSeconds: number;
}

/** The first call loads models: that of a recording that isn't scored. */
export type Hear = (path: string) => Promise<Heard>;

export interface EvalRun {
  readonly hear: Hear;
  readonly print: (line: string) => void;
  readonly note: (line: string) => void;
}

/** @throws Failure where there is no recording with its words. */
export async function evaluate(options: EvalOptions, { hear, print, note }: EvalRun): Promise<void> {
  const recordings = recordingsOf(options, note);
  const [first] = recordings;
  if (!first) throw new Failure(`no recording with its words in ${options.data.join(", ")}.`);
  await hear(first.path);
  const outcomes: Outcome[] = [];
  for (const recording of recordings) {
    const { text, seconds, workSeconds } = await hear(recording.path);
    const pairs = alignWords(wordsOf(recording.text), wordsOf(text));
    outcomes.push({ name: recording.name, seconds, workSeconds, heard: text, pairs, errors: countErrors(pairs) });
  }
  const scores = scoresOf(outcomes);
  if (options.json) {
    const texts = Object.fromEntries(outcomes.map(({ name, heard }) => [name, heard]));
    print(plainJson({ way: options.gateway ? "gateway" : "direct", scores, heard: texts }, 2));
    return;
  }
  for (const { name, pairs } of options.errors ? outcomes : []) print(`${name}: ${formatErrors(pairs)}\n`);
  for (const line of formatScores(scores)) print(line);
}

/** The same name in another folder is the same recording. */
function recordingsOf({ data }: EvalOptions, note: (line: string) => void): Recording[] {
  const byName = new Map<string, Recording>();
  for (const folder of data) {
    if (!existsSync(folder)) note(`${folder} is not there.`);
    const { recordings, untold } = readRecordings(folder);
    for (const recording of recordings) if (!byName.has(recording.name)) byName.set(recording.name, recording);
    if (untold.length > 0) note(`${folder}: ${untold.length} recordings have no text, and are left out.`);
  }
  return [...byName.values()];
}
