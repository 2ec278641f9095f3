/**
 * `npm run bench`: the gateway beside an empty room, a room that puts and then acks, and Node servers that write files, all in one run
 * on this machine. Ratios are what travels to other machines. Says so, and fails, where the machine was too busy to conclude anything.
 */
import * as z from "zod";
import { bench } from "./bench/bench-run.ts";
import { figureList, figureNames } from "./bench/figure-names.ts";
import { defineCommand } from "./cli/define-command.ts";
import { flag, wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";

const command = defineCommand({
  name: "npm run bench --",
  description: "Speed and cost of the gateway beside the platform's ceiling and what one would build instead.",
  options: {
    only: figureList.meta({ value: "<names>", description: "figures to run", default: figureNames.join(",") }),
    rounds: wholeNumber(1, 100).meta({
      value: "<n>",
      description: "of each contestant; the median counts",
      default: "3",
    }),
    long: flag.meta({ description: "more chunks, ten minutes for each level of live tracks, and hours-long meetings" }),
    anyway: flag.meta({ description: "runs on a busy machine too, from which nothing follows" }),
    out: z.string().optional().meta({ value: "<folder>", description: "writes bench.json, bench.md and bench.svg" }),
  },
});

await runCommand(command, bench);
