/** The arguments of `npm run drill`. */
import * as z from "zod";
import { defineCommand } from "../cli/define-command.ts";
import { wholeNumber } from "../cli/option-types.ts";

export const parseDrillOptions = defineCommand({
  name: "npm run drill --",
  description:
    "Breaks the storage of a gateway of its own and brings it back as the runbook says: the list, a room, the index of what was said. Prints how long each took.",
  options: {
    outages: z.boolean().optional().meta({
      description:
        "deploys a bad variable, then takes away what a running meeting stands on (speaker resolve, D1, R2, a webhook's receiver, space), and prints how soon each is seen and over",
    }),
    seconds: wholeNumber(2, 3_600).meta({ value: "<n>", description: "length of the meeting", default: "12" }),
  },
});
export type DrillOptions = NonNullable<ReturnType<typeof parseDrillOptions>>;
