/** `npm run rebuild`: brings back from R2 what storage lost. docs/runbook-workers.md says when. */
import { readEnvFile } from "./cli/env-file.ts";
import { runCommand } from "./cli/run-command.ts";
import { parseRebuildOptions, runRebuild } from "./rebuild/rebuild-command.ts";

readEnvFile();

await runCommand(parseRebuildOptions, runRebuild);
