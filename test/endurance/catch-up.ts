/**
 * `npm run catch-up`: a hundred minutes of a meeting are recorded while the gateway is down, then it starts and
 * the capture catches up. Fails when a second is missing, arrives twice, or is refused over and over. The rate
 * is told beside that of a bare stream with a full window, over the same minutes of the same machine.
 */
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { decimal, port } from "../../scripts/cli/option-types.ts";
import { runCommand } from "../../scripts/cli/run-command.ts";
import { runCatchUp } from "./catch-up-run.ts";
import { longRun } from "./long-run.ts";

const command = defineCommand({
  name: "npm run catch-up --",
  description:
    "Records while the gateway is down, then lets the capture catch up; fails unless all of it is kept, once.",
  options: {
    minutes: decimal(0.2, 1_440).meta({ value: "<n>", description: "to record offline", default: "100" }),
    port: port.meta({ value: "<port>", description: "port for the gateway, 0 for any free one", default: "0" }),
  },
});

await runCommand(
  command,
  longRun("catch-up", (run, { minutes, port: wanted }) =>
    runCatchUp(run, { seconds: Math.round(minutes * 60), port: wanted }),
  ),
);
