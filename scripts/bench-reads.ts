/**
 * `npm run bench:reads`: what reading a long meeting costs those who speak in it. A meeting with a log of many events, a track
 * that streams on at a fixed pace, and one reader a second that goes round over every route: the p99 of the acks beside that
 * without a reader. Then the same for the acks of another meeting while the long one is finalized.
 */
import { benchReads } from "./bench/reads-run.ts";
import { defineCommand } from "./cli/define-command.ts";
import { decimal, wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";

const command = defineCommand({
  name: "npm run bench:reads --",
  description: "Ack latency of a long meeting with and without readers.",
  options: {
    events: wholeNumber(2_000, 1_000_000).meta({ value: "<n>", description: "events of its log", default: "100000" }),
    rate: decimal(0.1, 16).meta({ value: "<n>", description: "chunks a second of the live track", default: "5" }),
    seconds: wholeNumber(5, 3_600).meta({ value: "<n>", description: "length of each measurement", default: "60" }),
    readers: wholeNumber(1, 16).meta({ value: "<n>", description: "reads a second", default: "1" }),
  },
});

await runCommand(command, benchReads);
