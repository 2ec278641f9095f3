/** `npm run switch`: an area of a running installation off and on. docs/runbook-workers.md says when. */
import { readEnvFile } from "./cli/env-file.ts";
import { runCommand } from "./cli/run-command.ts";
import { openLocalKeys } from "./keys/keys-local.ts";
import { remoteKeys, wranglerProcess } from "./keys/keys-remote.ts";
import { parseSwitchOptions, runSwitch } from "./switches/switch-command.ts";

readEnvFile();

await runCommand(parseSwitchOptions, async (options, { signal, atEnd, print }) => {
  const place = ["--remote", "--env", options.env === "development" ? "" : options.env];
  const database = options.remote ? remoteKeys(wranglerProcess(signal), place) : await openLocalKeys(options.stateDir);
  atEnd(() => database.close());
  for (const line of await runSwitch(database, options, Date.now())) print(line);
});
