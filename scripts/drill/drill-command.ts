/** The arguments of `npm run drill`. */
import { defineCommand } from "../cli/define-command.ts";
import { wholeNumber } from "../cli/option-types.ts";

export const parseDrillOptions = defineCommand({
  name: "npm run drill --",
  description:
    "Breaks the storage of a gateway of its own and brings it back as the runbook says: the list, a room, the index of what was said. Prints how long each took.",
  options: {
    seconds: wholeNumber(2, 3_600).meta({ value: "<n>", description: "length of the meeting", default: "12" }),
  },
});
export type DrillOptions = NonNullable<ReturnType<typeof parseDrillOptions>>;
