/** The arguments of `npm run demo`. Pure. */
import { defineCommand } from "../cli/define-command.ts";
import { decimal, flag, servingPort, stateDir } from "../cli/option-types.ts";

export const parseDemoOptions = defineCommand({
  name: "npm run demo --",
  description: "Starts the gateway, streams a sample interview, finalizes it and checks what was kept.",
  options: {
    port: servingPort,
    stateDir,
    speed: decimal(1).meta({
      value: "<factor>",
      description: "stream at this many times real time, from 1",
      default: "20",
    }),
    exit: flag.meta({ description: "end when done instead of serving on" }),
  },
});
