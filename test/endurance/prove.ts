/**
 * `npm run prove`: nothing is lost, from end to end. A capture of the sample meeting by the command line, through
 * faults, disconnects and kills; fails unless the result covers all of it and R2 holds the very samples.
 */
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { seed, wholeNumber } from "../../scripts/cli/option-types.ts";
import { type CommandRun, runCommand } from "../../scripts/cli/run-command.ts";
import { Prove } from "./prove-run.ts";

const many = 1_000_000;

const command = defineCommand({
  name: "npm run prove --",
  description:
    "Captures a meeting through a network that breaks one message in twenty, with disconnects, a kill -9 of the " +
    "gateway and one of the client, then demands all of it from R2, to the byte.",
  options: {
    seed: seed.optional().meta({ value: "<n>", description: "of the first run (default: a new one, printed)" }),
    runs: wholeNumber(1, many).meta({ value: "<n>", description: "each with the next seed", default: "1" }),
    disconnects: wholeNumber(0, many).meta({
      value: "<n>",
      description: "a run, besides those of the network",
      default: "10",
    }),
    speed: wholeNumber(1, many).meta({
      value: "<n>",
      description: "how many times faster than real time",
      default: "6",
    }),
  },
});

await runCommand(command, async ({ seed: first = Math.floor(Math.random() * many), runs, ...options }, run) => {
  for (let i = 0; i < runs; i += 1) await prove(run, { seed: first + i, ...options });
});

async function prove(
  { print, atEnd }: CommandRun,
  options: { seed: number; disconnects: number; speed: number },
): Promise<void> {
  print(`seed ${options.seed}`);
  const run = new Prove({ ...options, print: (line) => print(`  ${line}`) });
  atEnd(() => run.stop());
  try {
    const { seconds, coverage, duplicates, connections, faults, tookMs } = await run.run();
    print(
      `  kept: ${seconds} s, coverage ${coverage}, R2 identical to the source. ${connections} connections, ` +
        `faults ${JSON.stringify(faults)}, ${duplicates} duplicates, ${(tookMs / 1_000).toFixed(1)} s`,
    );
  } catch (cause) {
    throw new Failure(`seed ${options.seed}: ${sentenceOf(cause)}`);
  } finally {
    await run.stop();
  }
}
