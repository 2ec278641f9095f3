/** Rooms of every schema before this one. */
import { expect, test } from "vitest";
import { migrate, migrations, runMigration } from "../../../server/gateway/core/migrations.ts";
import { type Database, databaseOf } from "../../../server/shared/lib/sql.ts";
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { nodeSqlite } from "../../support/node-database.ts";
import { openEngine, sha256 } from "./support/engine.ts";

test("[I1] a room of before there was an index is as old as its first track", () => {
  const db = nodeSqlite(() => 1_000).open();
  const before = migrations.findIndex((sql) => typeof sql === "string" && sql.includes("'created_at'"));
  for (const migration of migrations.slice(0, before)) runMigration(db, migration);
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
  for (const migration of migrations.slice(0, version)) runMigration(db, migration);
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
    for (const migration of old.slice(version)) runMigration(db, migration);
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
  for (const migration of migrations.slice(oldCount)) {
    runMigration(db, migration);
    runMigration(db, migration);
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

/** How versions before the chunk's one row kept a chunk, and what they read of it. */
const old = {
  addChunk: "INSERT INTO ledger (track, seq, timestamp_ms, received_at, sha256) VALUES (?, ?, ?, ?, ?)",
  addBytes: "INSERT INTO journal (track, seq, pcm) VALUES (?, ?, ?)",
  saveTrack: `INSERT OR REPLACE INTO tracks (track, opened_at, started_at, updated_at, last_seq, received_chunks,
     duplicate_chunks, rejected_chunks, resolved_seq, end_seq, padding_samples, pace_ms) VALUES (?, 1, 1, 1, ?, ?, 0, 0, 0, NULL, 0, NULL)`,
  tracks: "SELECT track, last_seq, received_chunks FROM tracks ORDER BY opened_at, track",
  pending: `SELECT track, seq, timestamp_ms, sha256, pcm FROM journal JOIN ledger USING (track, seq)
     WHERE (track, seq) > ('', 0) ORDER BY track, seq LIMIT 1`,
  oldest: "SELECT received_at FROM journal JOIN ledger USING (track, seq) ORDER BY journal.rowid LIMIT 1",
  removeBytes: "DELETE FROM journal WHERE track = ? AND seq = ?",
};

const content = (seq: number): Uint8Array => new Uint8Array(chunkBytes).fill(seq);

test("[K8] rolled back, the version before goes on with what this one kept, and this one with what that kept", () => {
  const sqlite = nodeSqlite(() => 1_000);
  const { sql } = sqlite.open();
  const keepNow = (...seqs: number[]): void => {
    const { tracks } = openEngine(sqlite.open());
    for (const seq of seqs)
      expect(tracks.keep("mic", { seq, timestamp_ms: 1, content: content(seq) }, true).kind).toBe("stored");
  };
  const keepThen = (seq: number): void => {
    sql.exec(old.addChunk, "mic", seq, 1, 1_000, sha256(content(seq)));
    sql.exec(old.addBytes, "mic", seq, content(seq));
    const [row] = sql.exec<{ last_seq: number; received_chunks: number }>(old.tracks).toArray();
    sql.exec(old.saveTrack, "mic", Math.max(seq, row?.last_seq ?? 0), seq);
  };
  keepNow(1, 2, 3);
  expect(sql.exec(old.tracks).toArray()).toEqual([{ track: "mic", last_seq: 3, received_chunks: 3 }]);
  expect(sql.exec(old.pending).one()).toMatchObject({ track: "mic", seq: 1, pcm: content(1).buffer });
  expect(sql.exec(old.oldest).one()).toEqual({ received_at: 1_000 });
  sql.exec(old.removeBytes, "mic", 1);
  keepThen(4);
  const { tracks } = openEngine(sqlite.open());
  expect(tracks.row("mic")).toMatchObject({ last_seq: 4, received_chunks: 4 });
  expect([tracks.pendingChunks, tracks.watermarks.archivedSeq("mic")]).toEqual([3, 1]);
  const taken: number[] = [];
  for (let next = tracks.nextPending({ track: "", seq: 0 }); next; next = tracks.nextPending(next)) {
    expect(new Uint8Array(next.pcm)).toEqual(content(next.seq));
    taken.push(next.seq);
    tracks.markArchived("mic", next.seq);
  }
  expect(taken).toEqual([2, 3, 4]);
  keepNow(5, 6);
  expect(sql.exec("SELECT seq FROM journal ORDER BY seq").toArray()).toEqual([{ seq: 5 }, { seq: 6 }]);
  expect(sql.exec(old.tracks).toArray()).toEqual([{ track: "mic", last_seq: 6, received_chunks: 6 }]);
});

test("[K8] what waited for R2 in a room of the version before waits on, byte by byte, and its counts stay", () => {
  const db = nodeSqlite(() => 1_000).open();
  for (const migration of migrations.slice(0, -1)) runMigration(db, migration);
  db.sql.exec("INSERT INTO meta VALUES ('schema_version', ?)", String(migrations.length - 1));
  for (const seq of [1, 2, 3, 4]) db.sql.exec(old.addChunk, "mic", seq, 1, 1_000, new Uint8Array(32).fill(seq));
  for (const seq of [2, 4]) db.sql.exec(old.addBytes, "mic", seq, new Uint8Array(chunkBytes).fill(seq));
  db.sql.exec(old.saveTrack, "mic", 4, 4);
  const { tracks } = openEngine(db);
  expect(tracks.row("mic")).toMatchObject({ last_seq: 4, received_chunks: 4 });
  expect([tracks.pendingChunks, tracks.watermarks.archivedSeq("mic")]).toEqual([2, 1]);
  const kept = tracks.kept.within("mic", 1, 4).map(({ seq, pcm }) => [seq, pcm && new Uint8Array(pcm)[0]]);
  expect(kept).toEqual([
    [1, null],
    [2, 2],
    [3, null],
    [4, 4],
  ]);
});
