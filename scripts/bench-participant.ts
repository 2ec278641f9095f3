/**
 * `npm run bench:participant`: what the room adds to a conversation with a model, from a person's voice to the provider and from the
 * provider to the player, beside direct connections to the same provider in the same run. What travels to other machines is the ratios.
 */
import * as z from "zod";
import { participantBench } from "./bench/participant/participant-run.ts";
import { defineCommand } from "./cli/define-command.ts";
import { flag, wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";

const command = defineCommand({
  name: "npm run bench:participant --",
  description: "Delay that the room adds to a conversation with a model, each way.",
  options: {
    conversations: wholeNumber(1, 50).meta({ value: "<n>", description: "at once", default: "10" }),
    seconds: wholeNumber(5, 600).meta({ value: "<n>", description: "of talk, behind the warm-up", default: "60" }),
    anyway: flag.meta({ description: "runs on a busy machine too, from which nothing follows" }),
    json: z.string().optional().meta({ value: "<file>", description: "where the figures go, besides the screen" }),
  },
});

await runCommand(command, participantBench);
