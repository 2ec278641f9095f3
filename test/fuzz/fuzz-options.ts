/** The arguments of `npm run fuzz`, checked. Pure but for the seed that is made where none is given. */
import { randomInt } from "node:crypto";
import { Command } from "commander";
import { Failure } from "../../schemas/lib/failure.ts";
import { readOptions } from "../../scripts/cli/read-options.ts";

export interface FuzzOptions {
  readonly frames: number;
  readonly requests: number;
  readonly seed: number;
}

const highest = 2 ** 31 - 1;

/** As `readOptions`. */
export function parseFuzzOptions(argv: readonly string[]): FuzzOptions | undefined {
  const command = new Command("npm run fuzz --")
    .description("Sends mutated frames and requests to a gateway; fails at the first answer that is not as documented.")
    .option("--frames <n>", "mutated frames", "100000")
    .option("--requests <n>", "mutated requests", "20000")
    .option("--seed <n>", "play these again; without it, new ones");
  const raw = readOptions(command, argv);
  if (!raw) return undefined;
  const { frames = "", requests = "", seed } = raw;
  return {
    frames: wholeNumber("--frames", frames),
    requests: wholeNumber("--requests", requests),
    seed: seed === undefined ? randomInt(highest) : wholeNumber("--seed", seed),
  };
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= highest) return value;
  throw new Failure(`${option} must be a whole number up to ${highest}, not "${text}".`);
}
