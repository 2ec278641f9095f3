/** Which files of the local runtime's objects go before a start: those of objects that know nothing. */
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeEmptyObjects } from "../../scripts/local/empty-objects.ts";

let stateDir = "";
const open: DatabaseSync[] = [];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "roomtone-empty-"));
});
afterEach(() => {
  for (const database of open.splice(0)) database.close();
  rmSync(stateDir, { recursive: true, force: true });
});

let files = 0;

/** The file of an object, made by statements. @param stays whether it is left open, with its log beside it, as by a kill. */
function object(of: string, statements: string, stays = false): string {
  files += 1;
  const folder = join(stateDir, "v3", "do", `roomtone-${of}`);
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${files.toString(16).padStart(64, "0")}.sqlite`);
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; ${statements}`);
  if (stays) open.push(database);
  else database.close();
  return path;
}

const kv = "CREATE TABLE _cf_KV (key TEXT PRIMARY KEY, value BLOB);";
const alarm = "CREATE TABLE _cf_ALARM (actor_id TEXT PRIMARY KEY, scheduled_time INTEGER);";

test("[N3] an object that was asked and knows nothing leaves no file, a room, a limiter or a chat", () => {
  const asked = [object("MeetingSessionDO", ""), object("RateLimiter", kv + alarm), object("RateLimiter", "", true)];
  asked.push(object("app-ChatSessionDO", kv + alarm));
  expect(removeEmptyObjects(stateDir)).toBe(4);
  expect(asked.filter((path) => existsSync(path))).toEqual([]);
  expect(asked.filter((path) => existsSync(`${path}-wal`))).toEqual([]);
});

test("[N3] [I4] whatever has a row or a table of ours stays: in its file or in its log only, and what is no object of these", () => {
  const kept = [
    object("MeetingSessionDO", "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"),
    object("MeetingSessionDO", "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;", true),
    object("MeetingSessionDO", `${alarm} INSERT INTO _cf_ALARM VALUES ('a', 1);`),
    object("RateLimiter", `${kv} INSERT INTO _cf_KV VALUES ('window', x'00');`),
    object("RateLimiter", `${kv} INSERT INTO _cf_KV VALUES ('window', x'00');`, true),
    object("app-ChatSessionDO", "CREATE TABLE chat (one INTEGER PRIMARY KEY);"),
    object("TenantQuota", ""),
  ];
  const unreadable = join(stateDir, "v3", "do", "roomtone-RateLimiter", `${"f".repeat(64)}.sqlite`);
  const metadata = join(stateDir, "v3", "do", "roomtone-RateLimiter", "metadata.sqlite");
  for (const path of [unreadable, metadata]) writeFileSync(path, "no database");
  expect(removeEmptyObjects(stateDir)).toBe(0);
  expect([...kept, unreadable, metadata].filter((path) => !existsSync(path))).toEqual([]);
});

test("without a state there is nothing to remove", () => {
  expect(removeEmptyObjects(join(stateDir, "never"))).toBe(0);
});
