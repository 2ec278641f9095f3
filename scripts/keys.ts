/**
 * `npm run keys`: makes, lists, rotates and revokes the API keys of backends. A new key goes to stdout, once and alone, so
 * that a shell can catch it; what there is to say goes to stderr.
 */
import { runCommand } from "./cli/run-command.ts";
import { KeysAdmin } from "./keys/keys-admin.ts";
import { parseKeysOptions } from "./keys/keys-command.ts";
import { openLocalKeys } from "./keys/keys-local.ts";
import { mintKey } from "./keys/keys-mint.ts";
import { remoteKeys, wranglerProcess } from "./keys/keys-remote.ts";
import { runKeys } from "./keys/keys-run.ts";

await runCommand(parseKeysOptions, async (options, { signal, atEnd }) => {
  const database = options.remote ? remoteKeys(wranglerProcess(signal)) : await openLocalKeys(options.stateDir);
  atEnd(() => database.close());
  await runKeys(new KeysAdmin({ database, mint: mintKey, now: Date.now }), options);
});
