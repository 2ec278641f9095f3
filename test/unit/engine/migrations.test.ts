/** Rooms of every schema before this one. */
import { expect, test } from "vitest";
import { migrate, migrations } from "../../../server/gateway/core/migrations.ts";
import { databaseOf } from "../../../server/shared/lib/sql.ts";
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
