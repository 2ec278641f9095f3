/**
 * `npm run bench:captions`: how long words take to be captions, two tracks at a time, and what that costs the acks of the same tracks.
 * What travels to other machines is the ratios.
 */
import { captionsBench } from "./bench/captions/captions-run.ts";
import { defineCommand } from "./cli/define-command.ts";
import { wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";

const command = defineCommand({
  name: "npm run bench:captions --",
  description: "Delays of captions with the embedded model, and acks beside them.",
  options: {
    seconds: wholeNumber(10, 120).meta({ value: "<n>", description: "of the sample that is spoken", default: "60" }),
  },
});

await runCommand(command, captionsBench);
