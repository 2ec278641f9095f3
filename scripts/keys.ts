/**
 * `npm run keys`: makes, lists, rotates and revokes the API keys of backends. A new key goes to stdout, once and alone, so
 * that a shell can catch it; what there is to say goes to stderr.
 */
import { readEnvFile } from "./cli/env-file.ts";
import { resolve } from "node:path";
import { runCommand } from "./cli/run-command.ts";
import { KeysAdmin } from "./keys/keys-admin.ts";
import { parseKeysOptions } from "./keys/keys-command.ts";
import { openLocalKeys } from "./keys/keys-local.ts";
import { mintKey } from "./keys/keys-mint.ts";
import { remoteKeys, wranglerProcess } from "./keys/keys-remote.ts";
import { runKeys } from "./keys/keys-run.ts";
import { printWebhookSecrets } from "./keys/webhook-secret.ts";

readEnvFile();

await runCommand(parseKeysOptions, async (options, { signal, atEnd }) => {
  if (options.command === "webhook-secret") return printWebhookSecrets(options.tenant, process.env);
  const place = ["--remote", "--env", options.env === "development" ? "" : options.env];
  const database = options.remote ? remoteKeys(wranglerProcess(signal), place) : await openLocalKeys(options.stateDir);
  atEnd(() => database.close());
  await runKeys(new KeysAdmin({ database, mint: mintKey, now: Date.now }), options);
  // A gateway that reads another folder knows none of these keys.
  if (!options.remote) console.error(`The keys are those of ${resolve(options.stateDir)} (STATE_DIR).`);
});
