/** Rooms of every schema before this one. */
import { expect, test } from "vitest";
import { migrate, migrations } from "../../../server/gateway/core/migrations.ts";
import { type Database, databaseOf } from "../../../server/shared/lib/sql.ts";
import { nodeSqlite } from "../../support/node-database.ts";

test("[I1] a room of before there was an index is as old as its first track", () => {
  const db = nodeSqlite(() => 1_000).open();
  const before = migrations.findIndex((sql) => sql.includes("'created_at'"));
  for (const sql of migrations.slice(0, before)) db.sql.exec(sql);
  db.sql.exec(
    `INSERT INTO meta VALUES ('schema_version', ?), ('status', 'open'), ('updated_at', '900')`,
    String(before),
  );
  const track = "INSERT INTO tracks VALUES (?, ?, 1, 1, 0, 0, 0, 0, 0, NULL, 0)";
  db.sql.exec(track, "mic", 500);
  db.sql.exec(track, "mixed", 700);
  migrate(db);
  expect(db.sql.exec("SELECT value FROM meta WHERE key = 'created_at'").toArray()).toEqual([{ value: "500" }]);
});

/** The schema of a room that this version migrated from an earlier one, twice. */
function schemaFrom(version: number): unknown[] {
  const db = nodeSqlite(() => 1_000).open();
  for (const sql of migrations.slice(0, version)) db.sql.exec(sql);
  if (version > 0) db.sql.exec("INSERT INTO meta VALUES ('schema_version', ?)", String(version));
  migrate(db);
  migrate(db);
  expect(db.sql.exec("SELECT value FROM meta WHERE key = 'schema_version'").one()).toEqual({
    value: String(migrations.length),
  });
  return db.sql.exec("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").toArray();
}

test("[K8] migrating again, or from any version between, ends with the same schema", () => {
  const fresh = schemaFrom(0);
  for (let version = 1; version <= migrations.length; version += 1) expect(schemaFrom(version)).toEqual(fresh);
});

test("[K1] a migration that fails leaves the schema as it was", () => {
  const { adapter } = nodeSqlite(() => 1_000);
  const db = databaseOf({
    ...adapter,
    sql: {
      exec: (query, ...values) => {
        if (query.includes("CREATE TABLE wavs")) throw new Error("disk");
        return adapter.sql.exec(query, ...values);
      },
    },
  });
  expect(() => migrate(db)).toThrow("disk");
  expect(adapter.sql.exec("SELECT name FROM sqlite_master").toArray()).toEqual([]);
});

const schemaOf = (db: Database): unknown[] =>
  db.sql.exec("SELECT type, name, sql FROM sqlite_master ORDER BY type, name").toArray();

/** The number of migrations that the last version had which sets `schema_version` back. */
const oldCount = 7;

/** That version's `migrate`. */
function migrateAsBefore(db: Database): void {
  const old = migrations.slice(0, oldCount);
  db.transaction(() => {
    const [row] = db.sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = 'schema_version'").toArray();
    const version = Number(row?.value ?? 0);
    if (version === old.length) return;
    for (const statements of old.slice(version)) db.sql.exec(statements);
    db.sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?)", String(old.length));
  });
}

test("[K8] every migration from number 8 on bears repeating, and keeps the rows that are there", () => {
  const db = nodeSqlite(() => 1_000).open();
  migrate(db);
  db.sql.exec("INSERT INTO app_told VALUES ('told', 'x')");
  const row = "INSERT INTO utterances (utterance_id, track, start_ms, end_ms, body) VALUES ('1', ?, 0, 900, '{}')";
  for (const track of ["mic", "system"]) db.sql.exec(row, track);
  const schema = schemaOf(db);
  for (const sql of migrations.slice(oldCount)) {
    db.sql.exec(sql);
    db.sql.exec(sql);
  }
  expect(schemaOf(db)).toEqual(schema);
  expect(db.sql.exec("SELECT value FROM app_told").toArray()).toEqual([{ value: "x" }]);
  expect(db.sql.exec("SELECT track, utterance_id FROM utterances").toArray()).toEqual([
    { track: "mic", utterance_id: "1" },
    { track: "system", utterance_id: "1" },
  ]);
});

test("[K8] deployed, rolled back to a version that notes its own migrations alone, deployed again: the room opens", () => {
  const db = nodeSqlite(() => 1_000).open();
  migrate(db);
  const schema = schemaOf(db);
  for (let rounds = 0; rounds < 2; rounds += 1) {
    migrateAsBefore(db);
    migrate(db);
  }
  expect(schemaOf(db)).toEqual(schema);
  expect(db.sql.exec("SELECT value FROM meta WHERE key = 'schema_version'").one()).toEqual({
    value: String(migrations.length),
  });
});
