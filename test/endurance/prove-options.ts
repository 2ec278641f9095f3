/** The arguments of `npm run prove`, checked. Pure. */
import { Command } from "commander";
import { Failure } from "../../schemas/lib/failure.ts";
import { readOptions } from "../../scripts/cli/read-options.ts";

export interface ProveCommandOptions {
  /** Of the first run; each further one takes the next. */
  readonly seed: number;
  readonly runs: number;
  readonly disconnects: number;
  readonly speed: number;
}

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 */
export function parseProveOptions(argv: readonly string[]): ProveCommandOptions | undefined {
  const command = new Command("npm run prove --")
    .description(
      "Captures a meeting through a network that breaks one message in twenty, with disconnects, a kill -9 of the " +
        "gateway and one of the client, then demands all of it from R2, to the byte.",
    )
    .option("--seed <n>", "of the first run (default: a new one, printed)")
    .option("--runs <n>", "each with the next seed", "1")
    .option("--disconnects <n>", "a run, besides those of the network", "10")
    .option("--speed <n>", "how many times faster than real time", "6");
  const raw = readOptions(command, argv);
  if (!raw) return undefined;
  const { seed, runs = "", disconnects = "", speed = "" } = raw;
  return {
    seed: seed === undefined ? Math.floor(Math.random() * 1_000_000) : wholeNumber("--seed", seed, 0),
    runs: wholeNumber("--runs", runs, 1),
    disconnects: wholeNumber("--disconnects", disconnects, 0),
    speed: wholeNumber("--speed", speed, 1),
  };
}

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(number) || number < least)
    throw new Failure(`${option} must be a whole number from ${least}, not "${text}".`);
  return number;
}
