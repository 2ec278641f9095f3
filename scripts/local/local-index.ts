/**
 * The D1 databases of a local gateway: brings their schemas up to date before the gateway serves. Offline, and as
 * `wrangler d1 migrations apply` does it in a deployment: the same files, noted in the same table.
 */
import { existsSync, globSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import type { Miniflare } from "miniflare";
import type { BundledDatabase, BundledWorker } from "./bundle/bundle-format.ts";
import { workerBundle } from "./bundle/worker-bundle.ts";
import { idleWorker, openMiniflare, storageFolder } from "./runtime.ts";

type Database = Awaited<ReturnType<Miniflare["getD1Database"]>>;

const migrationsTable = "d1_migrations";
const lockPatienceMs = 5_000;

/** Whether a gateway ran on this state before: its rooms may wake, and ask D1, as soon as workerd runs. */
export function hasDatabases(stateDir: string): boolean {
  const folder = join(storageFolder(stateDir), "d1");
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Whether nothing is left to apply. Without a runtime, which takes a second to start. */
export function isMigrated(stateDir: string, workers: readonly BundledWorker[]): boolean {
  const files = globSync(join(storageFolder(stateDir), "d1", "miniflare-D1DatabaseObject", "*.sqlite"));
  const applied = files.map((file) => appliedIn(file));
  const wanted = workers.flatMap(({ databases }) => databases.map(({ migrations }) => migrations));
  return wanted.every((migrations) => applied.some((names) => migrations.every(({ name }) => names.has(name))));
}

function appliedIn(file: string): ReadonlySet<string> {
  const database = new DatabaseSync(file);
  try {
    const isNoted = database.prepare("SELECT 1 FROM sqlite_master WHERE name = ?").get(migrationsTable) !== undefined;
    const rows = isNoted ? database.prepare(`SELECT name FROM ${migrationsTable}`).all() : [];
    return new Set(rows.map((row) => String(row["name"])));
  } finally {
    database.close();
  }
}

/** Where no gateway runs on this state. */
export async function migrateLocalIndex(stateDir: string): Promise<void> {
  const { workers } = await workerBundle();
  const miniflare = await openMiniflare({
    stateDir,
    // The databases alone: no room wakes meanwhile.
    workers: workers.map(({ name, options }) => ({
      ...idleWorker,
      name,
      d1Databases: options.d1Databases,
    })),
  });
  try {
    await migrateThrough(miniflare, workers);
  } finally {
    await miniflare.dispose();
  }
}

/** Through a miniflare that runs these Workers. */
export async function migrateThrough(miniflare: Miniflare, workers: readonly BundledWorker[]): Promise<void> {
  for (const { name, databases } of workers) {
    for (const { binding, migrations } of databases) {
      if (migrations.length === 0) continue;
      const database = await miniflare.getD1Database(binding, name);
      await whenFree(() => applyMigrations(database, migrations));
    }
  }
}

/** Of two that open a new database at once, one finds it locked: workerd does not wait, so it is tried again here. */
async function whenFree(work: () => Promise<void>): Promise<void> {
  for (const until = performance.now() + lockPatienceMs; ; await sleep(100)) {
    try {
      return await work();
    } catch (cause) {
      const isLocked = /SQLITE_BUSY|already exists|session commit token/.test(String(cause));
      if (!isLocked || performance.now() > until) throw cause;
    }
  }
}

async function applyMigrations(database: Database, migrations: BundledDatabase["migrations"]): Promise<void> {
  await database
    .prepare(
      `CREATE TABLE IF NOT EXISTS ${migrationsTable} (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .run();
  const { results } = await database.prepare(`SELECT name FROM ${migrationsTable}`).all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  for (const { name, statements } of migrations.filter((migration) => !applied.has(migration.name))) {
    // One transaction: all of a migration and its note, or neither.
    await database.batch([
      ...statements.map((sql) => database.prepare(sql)),
      database.prepare(`INSERT INTO ${migrationsTable} (name) VALUES (?)`).bind(name),
    ]);
  }
}
