/**
 * The keys of a local gateway, straight in the SQLite file that its D1 is, in STATE_DIR. The gateway may be running on it:
 * each sees what the other committed.
 *
 * Past workerd on purpose: that one never waits for a lock, and its D1 writes even to read, so that a second workerd on the
 * file makes requests of the gateway fail. Here reading takes no lock, and a write holds its own for a part of a millisecond;
 * a request of the gateway that is in its own millisecond in D1 just then still fails, and works when asked again.
 */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Failure } from "../../schemas/lib/failure.ts";
import type { KeysDatabase, KeysStatement } from "./keys-sql.ts";

const migrationsFolder = fileURLToPath(new URL("../../server/shared/d1/migrations", import.meta.url));
/** How long a lock of the gateway is waited for; it holds one for milliseconds. */
const lockTimeoutMs = 5_000;

export async function openLocalKeys(stateDir: string): Promise<KeysDatabase> {
  const database = openCurrent(stateDir) ?? (await migrate(stateDir));
  return {
    // Async for the sake of databases that are further away.
    run: (statements) => Promise.resolve().then(() => runAll(database, statements)),
    close: () => {
      if (database.isOpen) database.close();
      return Promise.resolve();
    },
  };
}

/** @returns undefined where there is none, or its schema is not that of this version. */
function openCurrent(stateDir: string): DatabaseSync | undefined {
  const file = databaseFile(stateDir);
  if (file === undefined) return undefined;
  const database = new DatabaseSync(file, { timeout: lockTimeoutMs });
  if (isCurrent(database)) {
    // No waiting for the disk inside the lock: a loss of power may take the last key along, and breaks nothing. And no
    // tidying up: whoever closes the file last does that.
    database.exec("PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0");
    return database;
  }
  database.close();
  return undefined;
}

/** Makes the database, or brings it up to date, as `npm start` does. */
async function migrate(stateDir: string): Promise<DatabaseSync> {
  // miniflare takes a while to load: only where it is needed.
  const { migrateLocalIndex } = await import("../local/local-index.ts");
  await migrateLocalIndex(stateDir);
  const database = openCurrent(stateDir);
  if (!database) throw new Failure(`The database of keys can't be found in ${folderOf(stateDir)}.`);
  return database;
}

/** Where wrangler keeps local D1; the file is named by a hash of the database's id. */
function folderOf(stateDir: string): string {
  return join(stateDir, "v3", "d1", "miniflare-D1DatabaseObject");
}

function databaseFile(stateDir: string): string | undefined {
  const folder = folderOf(stateDir);
  if (!existsSync(folder)) return undefined;
  const files = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  if (files.length > 1) throw new Failure(`${folder} has several databases; the gateway has one.`);
  return files[0] && join(folder, files[0]);
}

function isCurrent(database: DatabaseSync): boolean {
  const hasNotes = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'd1_migrations'").get() !== undefined;
  if (!hasNotes) return false;
  const applied = new Set(
    database
      .prepare("SELECT name FROM d1_migrations")
      .all()
      .map((row) => row["name"]),
  );
  return readdirSync(migrationsFolder).every((name) => !name.endsWith(".sql") || applied.has(name));
}

function runAll(database: DatabaseSync, statements: readonly KeysStatement[]): unknown[][] {
  // Compiled before the lock is taken.
  const compiled = statements.map(({ sql, values }) => ({ statement: database.prepare(sql), values }));
  const isRead = statements.every(({ sql }) => sql.startsWith("SELECT"));
  // A transaction that begins as a reader and turns writer may find the lock taken, and can't wait for it.
  database.exec(isRead ? "BEGIN" : "BEGIN IMMEDIATE");
  try {
    const answers = compiled.map(({ statement, values }) => statement.all(...values));
    database.exec("COMMIT");
    return answers;
  } catch (cause) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw cause;
  }
}
