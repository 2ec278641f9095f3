/**
 * Runs a command as a process: arguments, a stop by Ctrl-C or SIGTERM, clean-up, and the exit code. 0: done. 1: failed, with
 * a sentence on stderr. 130, 143 and 129: stopped by a signal, cleaned up, nothing printed. 141: nobody reads what it prints any more.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { styleText } from "node:util";
import { createProgress, type Progress } from "../../client/cli/progress.ts";
import { brokenPipeCode, onReaderGone } from "../../client/cli/reader-gone.ts";
import { sentenceOf } from "../../schemas/lib/failure.ts";
import { onStopSignal } from "../local/stop-signal.ts";
import type { Parse } from "./define-command.ts";

export interface CommandRun {
  /** Aborts when the process is to stop. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
  /** Prints a line, past the progress line. */
  readonly print: (line: string) => void;
  /** Work to be done once before the process ends, however it ends; the last one first. */
  readonly atEnd: (work: () => unknown) => void;
}

/**
 * The options of a command that has nothing to clean up. Ends the process where help was asked for (0), and where an argument is wrong (1),
 * with a sentence on stderr.
 */
export function readOptions<Options>(parse: Parse<Options>): Options {
  onReaderGone(() => process.exit(brokenPipeCode));
  try {
    const options = parse(process.argv.slice(2));
    if (options) return options;
  } catch (cause) {
    console.error(styleText("red", sentenceOf(cause), { stream: process.stderr }));
    process.exit(1);
  }
  process.exit(0);
}

/** @param run answers the exit code; undefined is 0. */
export async function runCommand<Options>(
  parse: Parse<Options>,
  run: (options: Options, command: CommandRun) => Promise<number | undefined | void>,
): Promise<void> {
  const stopping = new AbortController();
  const progress = createProgress(process.stderr);
  const works: (() => unknown)[] = [];
  const end = async (): Promise<void> => {
    progress.clear();
    for (const work of works.splice(0).toReversed()) await work();
  };
  const print = (line: string): void => {
    progress.clear();
    console.log(line);
  };
  onReaderGone(() => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    void end().finally(() => process.exit(brokenPipeCode));
  });
  let code = 0;
  try {
    const options = parse(process.argv.slice(2));
    if (!options) return;
    onStopSignal(() => {
      stopping.abort();
      return end();
    });
    code =
      (await run(options, { signal: stopping.signal, progress, print, atEnd: (work) => void works.push(work) })) ?? 0;
  } catch (cause) {
    // Ctrl-C reaches child processes too, sometimes before this one: what breaks then is no news.
    await sleep(50);
    if (!stopping.signal.aborted) {
      progress.clear();
      console.error(styleText("red", sentenceOf(cause), { stream: process.stderr }));
    }
    code = 1;
  }
  // A signal's own clean-up ends the process.
  if (stopping.signal.aborted) return;
  await end();
  process.exit(code);
}
