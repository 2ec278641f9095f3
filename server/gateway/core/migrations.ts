/**
 * The room's SQLite schema, as numbered migrations. A migration that has shipped is never edited: add one.
 * From number 8 on each bears repeating (K8): older versions set `schema_version` back after a roll-back, and the next deploy
 * runs the same migrations once more.
 *
 * A kept chunk is a row of `ledger`, for the meeting's life, with its bytes only until R2 has them (K4). SQLite keeps half a
 * kilobyte of such a row on a page of its own tree, and merges pages that are left two thirds empty where a row goes or comes, not where
 * one shrinks: see `tracks/unarchived.ts`. What was called `journal` before is a view; see `one-row-a-chunk.ts`.
 */
import type { Database } from "../../shared/lib/sql.ts";
import { oneRowAChunk } from "./one-row-a-chunk.ts";

/** Statements, or where those can't bear repeating by themselves, what runs them. */
export type Migration = string | ((db: Database) => void);

export const migrations: readonly Migration[] = [
  `CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE tracks (
     track TEXT PRIMARY KEY,
     opened_at INTEGER NOT NULL,
     started_at INTEGER,
     updated_at INTEGER,
     last_seq INTEGER NOT NULL,
     received_chunks INTEGER NOT NULL,
     duplicate_chunks INTEGER NOT NULL,
     rejected_chunks INTEGER NOT NULL,
     resolved_seq INTEGER NOT NULL,
     end_seq INTEGER,
     padding_samples INTEGER NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE ledger (
     track TEXT NOT NULL,
     seq INTEGER NOT NULL,
     timestamp_ms REAL NOT NULL,
     received_at INTEGER NOT NULL,
     sha256 BLOB NOT NULL,
     PRIMARY KEY (track, seq)
   ) WITHOUT ROWID;
   CREATE TABLE journal (
     track TEXT NOT NULL,
     seq INTEGER NOT NULL,
     pcm BLOB NOT NULL,
     PRIMARY KEY (track, seq)
   );
   CREATE VIEW chunks AS
     SELECT track, seq, timestamp_ms, received_at, sha256, pcm FROM ledger LEFT JOIN journal USING (track, seq);
   CREATE TABLE gaps (
     track TEXT NOT NULL,
     from_seq INTEGER NOT NULL,
     to_seq INTEGER NOT NULL,
     PRIMARY KEY (track, from_seq)
   ) WITHOUT ROWID;
   CREATE TABLE events (
     event_id INTEGER PRIMARY KEY,
     at INTEGER NOT NULL,
     body TEXT NOT NULL
   );
   CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
   CREATE TABLE idempotency (n INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, answer TEXT NOT NULL);
   CREATE TABLE jobs (name TEXT PRIMARY KEY, due_at INTEGER NOT NULL) WITHOUT ROWID;`,

  // Automatic resolve, utterances, and events found by type. Speakers' names moved from \`state\` into the log alone.
  `ALTER TABLE events ADD COLUMN type TEXT GENERATED ALWAYS AS (json_extract(body, '$.type')) VIRTUAL;
   CREATE INDEX events_by_type ON events (type, event_id);
   DELETE FROM state WHERE key = 'bindings';
   CREATE TABLE late_chunks (track TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (track, seq)) WITHOUT ROWID;
   CREATE TABLE resolve_windows (
     track TEXT NOT NULL,
     from_seq INTEGER NOT NULL,
     to_seq INTEGER NOT NULL,
     attempts INTEGER NOT NULL,
     due_at INTEGER NOT NULL,
     status TEXT NOT NULL CHECK (status IN ('waiting', 'failed', 'reopened')),
     PRIMARY KEY (track, from_seq)
   ) WITHOUT ROWID;
   CREATE TABLE noise_floors (track TEXT PRIMARY KEY, level_db REAL NOT NULL) WITHOUT ROWID;
   CREATE TABLE utterances (
     utterance_id TEXT PRIMARY KEY,
     track TEXT NOT NULL,
     start_ms INTEGER NOT NULL,
     end_ms INTEGER NOT NULL,
     body TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE INDEX utterances_by_time ON utterances (track, start_ms);`,

  // Why seconds are missing.
  `CREATE TABLE gap_notes (
     track TEXT NOT NULL,
     from_seq INTEGER NOT NULL,
     to_seq INTEGER NOT NULL,
     cause TEXT NOT NULL,
     PRIMARY KEY (track, from_seq, to_seq, cause)
   ) WITHOUT ROWID;`,

  // The WAV of each track that finalize puts together, and what R2 has of its upload.
  `CREATE TABLE wavs (
     track TEXT PRIMARY KEY,
     status TEXT NOT NULL CHECK (status IN ('uploading', 'stored', 'left_out')),
     upload_id TEXT,
     lost_since INTEGER,
     bytes INTEGER,
     sha256 TEXT
   ) WITHOUT ROWID;
   CREATE TABLE wav_parts (
     track TEXT NOT NULL,
     part_number INTEGER NOT NULL,
     etag TEXT NOT NULL,
     PRIMARY KEY (track, part_number)
   ) WITHOUT ROWID;`,

  // Webhooks: what is to be sent, and what became of what was.
  `CREATE TABLE webhook_deliveries (
     n INTEGER PRIMARY KEY,
     delivery_id TEXT NOT NULL UNIQUE,
     type TEXT NOT NULL,
     event_id INTEGER NOT NULL,
     created_at INTEGER NOT NULL,
     payload TEXT NOT NULL,
     state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'dead')),
     attempts INTEGER NOT NULL,
     failures INTEGER NOT NULL,
     due_at INTEGER,
     last_at INTEGER,
     last_origin TEXT,
     last_status INTEGER,
     last_error TEXT
   );`,

  // When a session was opened, for the index: rooms of before are as old as their first track.
  `INSERT OR IGNORE INTO meta (key, value)
     SELECT 'created_at', CAST(coalesce((SELECT min(opened_at) FROM tracks), updated.value) AS TEXT)
     FROM meta AS updated WHERE updated.key = 'updated_at';`,

  // How fast each track's audio came lately.
  `ALTER TABLE tracks ADD COLUMN pace_ms REAL;`,

  // The app outbox: messages that the app has not taken yet, and what it was told. Empty where no app is bound.
  `CREATE TABLE IF NOT EXISTS app_outbox (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
   CREATE TABLE IF NOT EXISTS app_told (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;`,

  // An utterance's id is its track's own. An earlier version, after a roll-back, goes on with the table as it is.
  `CREATE TABLE utterances_by_track (
     utterance_id TEXT NOT NULL,
     track TEXT NOT NULL,
     start_ms INTEGER NOT NULL,
     end_ms INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (track, utterance_id)
   ) WITHOUT ROWID;
   INSERT INTO utterances_by_track (utterance_id, track, start_ms, end_ms, body)
     SELECT utterance_id, track, start_ms, end_ms, body FROM utterances;
   DROP TABLE utterances;
   ALTER TABLE utterances_by_track RENAME TO utterances;
   CREATE INDEX utterances_by_time ON utterances (track, start_ms);`,

  // Who opened a track, as limits tell callers apart.
  `CREATE TABLE IF NOT EXISTS track_openers (track TEXT PRIMARY KEY, subject TEXT NOT NULL) WITHOUT ROWID;`,

  // Where each track begins by the wall clock. Tracks that an earlier version opened have none.
  `CREATE TABLE IF NOT EXISTS track_origins (
     track TEXT PRIMARY KEY,
     origin_ms INTEGER NOT NULL,
     source TEXT NOT NULL CHECK (source IN ('client', 'room')),
     client_ms INTEGER NOT NULL
   ) WITHOUT ROWID;`,

  // Versions of the result, and what of them no event tells: a text in pieces, shared by versions between which it stayed.
  `CREATE TABLE IF NOT EXISTS result_versions (
     version INTEGER PRIMARY KEY,
     event_id INTEGER NOT NULL,
     made_at INTEGER NOT NULL,
     made_by TEXT NOT NULL,
     snapshot TEXT,
     sha256 TEXT,
     bytes INTEGER,
     is_stored INTEGER NOT NULL,
     has_own_key INTEGER NOT NULL
   );
   CREATE TABLE IF NOT EXISTS result_snapshots (
     snapshot TEXT NOT NULL,
     n INTEGER NOT NULL,
     body TEXT NOT NULL,
     PRIMARY KEY (snapshot, n)
   ) WITHOUT ROWID;`,

  // How many events of the log each caller has, and under '' all of them. Those of before are nobody's. Counted anew after a
  // roll-back, whose version counted none.
  `CREATE TABLE IF NOT EXISTS log_shares (
     subject TEXT PRIMARY KEY,
     events INTEGER NOT NULL,
     bytes INTEGER NOT NULL
   ) WITHOUT ROWID;
   INSERT OR REPLACE INTO log_shares (subject, events, bytes)
     SELECT '', count(*), coalesce(sum(length(CAST(body AS BLOB))), 0) FROM events;`,

  // Who spoke at some place of a track: asked for each caption that comes late, however long the log is.
  `CREATE INDEX IF NOT EXISTS resolved_by_place
     ON events (json_extract(body, '$.track'), json_extract(body, '$.from_seq')) WHERE type = 'speaker.resolved';`,

  // What two clusters were before they became one. Of merges of earlier versions nothing is kept.
  `CREATE TABLE IF NOT EXISTS merges (
     event_id INTEGER PRIMARY KEY,
     joined_by INTEGER NOT NULL,
     from_id TEXT NOT NULL,
     into_id TEXT NOT NULL,
     from_body TEXT,
     into_body TEXT,
     undone_by INTEGER
   );`,

  // Requests under an idempotency key, by whose it is and with the digest of what was asked. Keys of before answer resolves alone.
  `CREATE TABLE IF NOT EXISTS idempotent_requests (
     n INTEGER PRIMARY KEY,
     subject TEXT NOT NULL,
     key TEXT NOT NULL,
     digest TEXT,
     at INTEGER NOT NULL,
     answer TEXT,
     UNIQUE (subject, key)
   );
   INSERT OR IGNORE INTO idempotent_requests (subject, key, digest, at, answer)
     SELECT '', key, NULL, CAST(strftime('%s', 'now') AS INTEGER) * 1000, answer FROM idempotency ORDER BY n;`,

  // Which windows of a track wait, failed or were opened again: a track whose service is away has thousands.
  `CREATE INDEX IF NOT EXISTS windows_by_status ON resolve_windows (track, status, from_seq);`,

  // What is still to be said of a session that is deleted, and where: nothing else of it is left.
  `CREATE TABLE IF NOT EXISTS farewells (
     delivery_id TEXT PRIMARY KEY,
     url TEXT,
     payload TEXT NOT NULL,
     failures INTEGER NOT NULL,
     due_at INTEGER NOT NULL
   ) WITHOUT ROWID;`,

  // Which trace a delivery belongs to.
  `CREATE TABLE IF NOT EXISTS webhook_traces (delivery_id TEXT PRIMARY KEY, trace_id TEXT NOT NULL) WITHOUT ROWID;`,

  // Which tracks are looked at again, and the turns that bear all of a track, by which such a look takes back what was said before it.
  `CREATE TABLE IF NOT EXISTS reviews (
     track TEXT PRIMARY KEY,
     status TEXT NOT NULL,
     asked_at INTEGER NOT NULL,
     attempts INTEGER NOT NULL,
     due_at INTEGER NOT NULL,
     detail TEXT
   ) WITHOUT ROWID;
   CREATE INDEX IF NOT EXISTS reviewed_tracks ON events (json_extract(body, '$.track'))
     WHERE type = 'speaker.resolved' AND json_extract(body, '$.to_seq') - json_extract(body, '$.from_seq') >= 30;`,

  // Windows that nobody had heard but a second look: those that fail again once it is taken back.
  `CREATE TABLE IF NOT EXISTS heard_windows (
     track TEXT NOT NULL,
     from_seq INTEGER NOT NULL,
     to_seq INTEGER NOT NULL,
     PRIMARY KEY (track, from_seq)
   ) WITHOUT ROWID;`,

  // Fewer rows a chunk.
  oneRowAChunk,
];

export function runMigration(db: Database, migration: Migration): void {
  if (typeof migration === "string") db.sql.exec(migration);
  else migration(db);
}

/** Whether this room was ever opened. Reads only: asking must not create anything. */
export function isMigrated(db: Database): boolean {
  return db.sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").toArray().length > 0;
}

/**
 * Brings the schema up to date; safe to call at every start. A room that a newer version has opened is left as it is: after a
 * roll-back this version must not note fewer migrations than were made, or the next one would make them again.
 */
export function migrate(db: Database): void {
  db.transaction(() => {
    const version = isMigrated(db) ? readVersion(db) : 0;
    if (version >= migrations.length) return;
    for (const migration of migrations.slice(version)) runMigration(db, migration);
    db.sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES ('schema_version', ?)", String(migrations.length));
  });
}

function readVersion(db: Database): number {
  const [row] = db.sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = 'schema_version'").toArray();
  return Number(row?.value ?? 0);
}
