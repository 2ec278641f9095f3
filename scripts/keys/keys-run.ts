/** What `npm run keys` does. A key goes to stdout; everything that is said about it goes to stderr. */
import { plainJson } from "../../schemas/plain-json.ts";
import type { KeysOptions } from "./keys-command.ts";
import type { Created, KeysAdmin } from "./keys-admin.ts";
import { keyJson, keysTable, minuteOf } from "./keys-table.ts";

const hourMs = 3_600_000;

export async function runKeys(admin: KeysAdmin, options: KeysOptions): Promise<void> {
  switch (options.command) {
    case "create": {
      const { tenant, name, scope, expiresInDays: days } = options;
      const lifetimeMs = days === undefined ? undefined : days * 24 * hourMs;
      return show(await admin.create({ tenant, name, scopes: scope, lifetimeMs }));
    }
    case "rotate": {
      const rotated = await admin.rotate(options.id, Math.round(options.graceHours * hourMs), options.scope);
      show(rotated);
      const end = rotated.old.expires_at;
      const isOver = end !== null && end <= Date.now();
      console.error(`Key ${options.id} is ${isOver ? "no longer good" : `good until ${minuteOf(end ?? 0)}`}.`);
      return;
    }
    case "revoke": {
      const { revoked_at: at } = await admin.revoke(options.id);
      console.error(`Key ${options.id} is revoked since ${minuteOf(at ?? 0)}.`);
      return;
    }
    case "list": {
      const rows = await admin.list(options.tenant);
      const now = Date.now();
      const keys = rows.map((row) => keyJson(row, now));
      if (options.json) console.log(plainJson(keys, 2));
      else if (rows.length === 0) console.error("There are no keys.");
      else for (const line of keysTable(rows, now)) console.log(line);
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
