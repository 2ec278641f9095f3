/**
 * `npm run keys`: makes, lists, rotates and revokes the API keys of backends. A new key goes to stdout, once and alone, so
 * that a shell can catch it; what there is to say goes to stderr.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { sentenceOf } from "../schemas/lib/failure.ts";
import { type Created, KeysAdmin } from "./keys/keys-admin.ts";
import { openLocalKeys } from "./keys/keys-local.ts";
import { mintKey } from "./keys/keys-mint.ts";
import { type KeysOptions, type KeysRequest, parseKeysOptions } from "./keys/keys-options.ts";
import { remoteKeys, wranglerProcess } from "./keys/keys-remote.ts";
import type { KeysDatabase } from "./keys/keys-sql.ts";
import { keyJson, keysTable, minuteOf } from "./keys/keys-table.ts";
import { onStopSignal } from "./local/stop-signal.ts";

const stopping = new AbortController();
let database: KeysDatabase | undefined;
onStopSignal(async () => {
  stopping.abort();
  await database?.close();
});

try {
  const options = parseKeysOptions(process.argv.slice(2), process.env);
  if (options) {
    database = await open(options);
    try {
      await run(new KeysAdmin({ database, mint: mintKey, now: Date.now }), options.request);
    } finally {
      await database.close();
    }
  }
} catch (cause) {
  // Ctrl-C reaches the processes that tsx and wrangler started too, sometimes before us: their end is not told either.
  await sleep(50);
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    console.error(sentenceOf(cause));
    process.exitCode = 1;
  }
}

function open({ remote, stateDir }: KeysOptions): KeysDatabase | Promise<KeysDatabase> {
  return remote ? remoteKeys(wranglerProcess(stopping.signal)) : openLocalKeys(stateDir);
}

async function run(admin: KeysAdmin, request: KeysRequest): Promise<void> {
  switch (request.kind) {
    case "create":
      show(await admin.create(request));
      break;
    case "rotate": {
      const rotated = await admin.rotate(request.keyId, request.graceMs);
      show(rotated);
      const end = rotated.old.expires_at;
      const isOver = end !== null && end <= Date.now();
      console.error(`Key ${request.keyId} is ${isOver ? "no longer good" : `good until ${minuteOf(end ?? 0)}`}.`);
      break;
    }
    case "revoke": {
      const { revoked_at: at } = await admin.revoke(request.keyId);
      console.error(`Key ${request.keyId} is revoked since ${minuteOf(at ?? 0)}.`);
      break;
    }
    case "list": {
      const rows = await admin.list(request.tenant);
      const now = Date.now();
      if (request.json)
        console.log(
          JSON.stringify(
            rows.map((row) => keyJson(row, now)),
            null,
            2,
          ),
        );
      else if (rows.length === 0) console.error("There are no keys.");
      else for (const line of keysTable(rows, now)) console.log(line);
      break;
    }
  }
}

function show({ key, row }: Created): void {
  console.log(key);
  const until = row.expires_at === null ? "until it is revoked" : `until ${minuteOf(row.expires_at)}`;
  console.error(
    `This is key ${row.key_id} (${row.name}) of tenant ${row.tenant} for ${row.scopes.join(", ")}, good ${until}. ` +
      "It is not shown again: only its hash is kept.",
  );
}
