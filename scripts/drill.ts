/** `npm run drill`: breaks storage and brings it back, on this machine. */
import { runCommand } from "./cli/run-command.ts";
import { parseDrillOptions } from "./drill/drill-command.ts";
import { runDrill } from "./drill/drill-run.ts";

await runCommand(parseDrillOptions, runDrill);
