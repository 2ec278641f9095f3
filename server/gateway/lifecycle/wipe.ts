/** Deletes all rows of a room but `jobs` and `schema_version`; finds tables by name, so that new ones are covered. */
import type { Database } from "../../shared/lib/sql.ts";

/** What of a room a receipt names. */
export function tableCounts(db: Database): {
  unarchived_chunks: number;
  tracks: number;
  events: number;
  utterances: number;
} {
  const count = (table: string): number => db.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n;
  return {
    unarchived_chunks: count("journal"),
    tracks: count("tracks"),
    events: count("events"),
    utterances: count("utterances"),
  };
}

/**
 * Call inside a transaction, and write the tombstone in the same one.
 * @param lasting tables that are needed to say that the session is deleted; their rows stay.
 */
export function wipeRoom(db: Database, lasting: readonly string[]): void {
  // Tables are found, not listed: one that is added later is wiped too. `_cf_` ones are the platform's.
  const tables = db.sql
    .exec<{ name: string }>(
      `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT IN ('meta', 'jobs')
       AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*'`,
    )
    .toArray();
  for (const { name } of tables) if (!lasting.includes(name)) db.sql.exec(`DELETE FROM "${name}"`);
  db.sql.exec("DELETE FROM meta WHERE key <> 'schema_version'");
}
