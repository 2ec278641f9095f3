/**
 * `npm run bench`: acks per second and ack latency of the gateway beside two yardsticks, all in one run on
 * this machine, in the same way: one connection, a window of 32 frames, JSON with base64, speech. The gateway runs
 * with the embedded resolver at work, with a speaker-resolve service that is down, and with neither (K7). The ratios
 * are what travels to other machines; the numbers are not.
 */
import { bench } from "./bench/bench-run.ts";
import { defineCommand } from "./cli/define-command.ts";
import { wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";

const command = defineCommand({
  name: "npm run bench --",
  description: "Acks per second of the gateway beside an empty room and a put-then-ack room.",
  options: {
    chunks: wholeNumber(1, 100_000).meta({ value: "<n>", description: "frames of one run", default: "600" }),
    rounds: wholeNumber(1, 100).meta({ value: "<n>", description: "runs of each; the median counts", default: "5" }),
  },
});

await runCommand(command, bench);
