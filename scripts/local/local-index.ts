/**
 * The index of sessions of a local gateway: brings its schema up to date before the gateway starts. Offline, and as
 * `wrangler d1 migrations apply` does it in a deployment: the same files, noted in the same table. Half a second.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getPlatformProxy, unstable_readConfig as readConfig, unstable_splitSqlQuery as splitSql } from "wrangler";
import { Failure } from "../../schemas/lib/failure.ts";

/** As much of D1 as is used here: the Workers types would bring another world's globals along. */
interface Statement {
  bind(...values: unknown[]): Statement;
  all(): Promise<{ results: Record<string, unknown>[] }>;
}
interface Index {
  prepare(sql: string): Statement;
  batch(statements: Statement[]): Promise<unknown>;
}

const binding = "DB";
const migrationsTable = "d1_migrations";
const lockPatienceMs = 5_000;

/** @param configPath of the gateway's wrangler.jsonc. */
export async function migrateLocalIndex(configPath: string, stateDir: string): Promise<void> {
  const { d1_databases, compatibility_date } = readConfig({ config: configPath });
  const databases: readonly { readonly binding: string; readonly migrations_dir?: string }[] = d1_databases;
  const database = databases.find((entry) => entry.binding === binding);
  const migrationsDir = database?.migrations_dir;
  if (!migrationsDir) throw new Failure(`wrangler.jsonc has no database bound as ${binding}.`);
  // A configuration of the database alone: wrangler would warn about a Durable Object that is not there.
  const folder = mkdtempSync(join(tmpdir(), "roomtone-"));
  const removeFolder = (): void => rmSync(folder, { recursive: true, force: true });
  // Where Ctrl-C leaves no time for `finally`: miniflare exits at once.
  process.once("exit", removeFolder);
  const onlyIndex = join(folder, "wrangler.json");
  writeFileSync(onlyIndex, JSON.stringify({ name: "roomtone-migrations", compatibility_date, d1_databases }));
  try {
    // wrangler puts the version in front when it starts a Worker, and not here.
    const persist = { path: join(stateDir, "v3") };
    const proxy = await getPlatformProxy<Record<string, Index>>({ configPath: onlyIndex, persist });
    try {
      const index = proxy.env[binding];
      if (!index) throw new Failure(`wrangler.jsonc has no database bound as ${binding}.`);
      await whenFree(() => applyMigrations(index, join(dirname(configPath), migrationsDir)));
    } finally {
      await proxy.dispose();
    }
  } finally {
    removeFolder();
    process.off("exit", removeFolder);
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

async function applyMigrations(index: Index, folder: string): Promise<void> {
  await index
    .prepare(
      `CREATE TABLE IF NOT EXISTS ${migrationsTable} (
         id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)`,
    )
    .all();
  const { results } = await index.prepare(`SELECT name FROM ${migrationsTable}`).all();
  const applied = new Set(results.map(({ name }) => name));
  const files = readdirSync(folder).filter((name) => name.endsWith(".sql") && !applied.has(name));
  for (const name of files.toSorted()) {
    const statements = splitSql(readFileSync(join(folder, name), "utf8")).map((sql) => index.prepare(sql));
    // One transaction: all of a migration and its note, or neither.
    await index.batch([...statements, index.prepare(`INSERT INTO ${migrationsTable} (name) VALUES (?)`).bind(name)]);
  }
}
