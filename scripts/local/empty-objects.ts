/**
 * The local runtime makes a file of 8 kB for each object that is asked anything, and keeps it for ever: for a session that was never
 * opened (N3 stores nothing of it), for a chat that nobody made, for the rate limiter of a caller that is long gone. Those without a row and without a
 * table of ours go before the next start. Deployed, the platform keeps nothing of such objects.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { storageFolder } from "./runtime.ts";

/** Of classes that keep all that they know in their own rows. */
const classes = ["MeetingSessionDO", "RateLimiter", "ChatSessionDO"];
const objectFile = /^[0-9a-f]{64}\.sqlite$/;
/** What is longer holds something. */
const maxEmptyBytes = 65_536;

/** Call while no runtime has the state open. @returns how many objects went. */
export function removeEmptyObjects(stateDir: string): number {
  const folder = join(storageFolder(stateDir), "do");
  if (!existsSync(folder)) return 0;
  const files = readdirSync(folder)
    .filter((name) => classes.some((one) => name.endsWith(`-${one}`)))
    .flatMap((name) => readdirSync(join(folder, name)).map((file) => join(folder, name, file)))
    .filter((path) => objectFile.test(path.slice(path.lastIndexOf("/") + 1)));
  const empty = files.filter((path) => isEmpty(path));
  for (const path of empty) for (const end of ["", "-wal", "-shm"]) rmSync(path + end, { force: true });
  return empty.length;
}

/** Where it can't be read it is not for this to judge. */
function isEmpty(path: string): boolean {
  const wal = `${path}-wal`;
  if (statSync(path).size > maxEmptyBytes || (existsSync(wal) && statSync(wal).size > maxEmptyBytes)) return false;
  try {
    const database = new DatabaseSync(path, { readOnly: true });
    try {
      const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all();
      return tables.every(({ name }) => isOwnAndEmpty(database, String(name)));
    } finally {
      database.close();
    }
  } catch {
    return false;
  }
}

/** A table of the platform, without a row. */
function isOwnAndEmpty(database: DatabaseSync, name: string): boolean {
  if (!/^_cf_[A-Z]+$/.test(name)) return false;
  // How far its own bookkeeping is, and nothing of ours.
  if (name === "_cf_METADATA") return true;
  return database.prepare(`SELECT 1 FROM "${name}" LIMIT 1`).all().length === 0;
}
