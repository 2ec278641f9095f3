/**
 * Mutated frames and requests against a real gateway: `npm run fuzz -- --frames 100000 --requests 20000`. Ends with 1 at the
 * first answer that is not as documented, naming the seed: `--seed N` sends the same again.
 */
import { randomInt } from "node:crypto";
import { Failure } from "../../schemas/lib/failure.ts";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { seed as seedOption, wholeNumber } from "../../scripts/cli/option-types.ts";
import { runCommand } from "../../scripts/cli/run-command.ts";
import { Finding } from "./finding.ts";
import { FuzzRun } from "./fuzz-run.ts";

const highest = 2 ** 31 - 1;
const many = wholeNumber(0, highest);

const command = defineCommand({
  name: "npm run fuzz --",
  description: "Sends mutated frames and requests to a gateway; fails at the first answer that is not as documented.",
  options: {
    frames: many.meta({ value: "<n>", description: "mutated frames", default: "100000" }),
    requests: many.meta({ value: "<n>", description: "mutated requests", default: "20000" }),
    seed: seedOption.optional().meta({ value: "<n>", description: "play these again; without it, new ones" }),
  },
});

await runCommand(command, async ({ frames, requests, seed = randomInt(highest) }, { print, atEnd }) => {
  print(`seed ${seed}`);
  const run = new FuzzRun();
  atEnd(() => run.dispose());
  try {
    await run.run({ frames, requests, seed });
  } catch (cause) {
    throw cause instanceof Finding ? new Failure(`finding, with --seed ${seed}:\n${cause.message}`) : cause;
  }
});
