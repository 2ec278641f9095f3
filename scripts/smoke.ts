/**
 * `npm run smoke`: streams seconds of audio to a gateway as a plain protocol client and checks every answer.
 * One JSON line on stdout says how it went; exit code 1 and a sentence on stderr when anything differs.
 */
import { runCommand } from "./cli/run-command.ts";
import { parseSmokeOptions } from "./smoke/smoke-command.ts";
import { runSmoke } from "./smoke/smoke-run.ts";

await runCommand(parseSmokeOptions, runSmoke);
