/**
 * The tables of before, as views of those that write fewer rows a chunk. A version of before, after a roll-back, reads and writes through
 * them as if they were its tables: what this version kept it finds, and the other way round (K8).
 *
 * - A chunk's bytes are in its row of `ledger` until R2 has them; `journal` shows the rows that have any. The column is called `audio`:
 *   what was read of the two tables together names `pcm` alone.
 * - A track's row is written with one in so many chunks; `tracks` adds what `ledger` has beyond it. So what is beyond `last_seq` of
 *   `track_rows` is not in its counts, and what is not beyond is: whatever writes the row has to keep that.
 */
import type { Database } from "../../shared/lib/sql.ts";

const columns = `track, opened_at, started_at, updated_at, last_seq, received_chunks, duplicate_chunks, rejected_chunks,
    resolved_seq, end_seq, padding_samples, pace_ms`;
const givenColumns = columns.replaceAll(/\w+/g, (name) => `NEW.${name}`);

const columnsAdded = `
  DROP VIEW chunks;
  ALTER TABLE ledger ADD COLUMN audio BLOB;
  ALTER TABLE tracks RENAME TO track_rows;
  ALTER TABLE track_rows ADD COLUMN pending_from INTEGER;
  UPDATE track_rows SET pending_from =
    coalesce((SELECT min(seq) FROM journal WHERE journal.track = track_rows.track), last_seq + 1);`;
const move = `UPDATE ledger SET audio = (SELECT pcm FROM journal WHERE journal.track = ledger.track AND journal.seq = ledger.seq)
  WHERE track = ? AND seq = ?`;
const views = `
  DROP TABLE journal;
  CREATE VIEW chunks AS SELECT track, seq, timestamp_ms, received_at, sha256, audio AS pcm FROM ledger;
  CREATE VIEW journal AS SELECT track, seq, audio AS pcm, received_at AS rowid FROM ledger WHERE audio IS NOT NULL;
  CREATE TRIGGER journal_insert INSTEAD OF INSERT ON journal BEGIN
    UPDATE ledger SET audio = NEW.pcm WHERE track = NEW.track AND seq = NEW.seq;
  END;
  CREATE TRIGGER journal_delete INSTEAD OF DELETE ON journal BEGIN
    UPDATE ledger SET audio = NULL WHERE track = OLD.track AND seq = OLD.seq;
  END;
  CREATE VIEW tracks AS
    SELECT t.track, t.opened_at, t.started_at, coalesce(l.received_at, t.updated_at) AS updated_at,
      coalesce(max(l.seq), t.last_seq) AS last_seq, t.received_chunks + count(l.seq) AS received_chunks,
      t.duplicate_chunks, t.rejected_chunks, t.resolved_seq, t.end_seq, t.padding_samples, t.pace_ms
    FROM track_rows AS t LEFT JOIN ledger AS l ON l.track = t.track AND l.seq > t.last_seq GROUP BY t.track;
  CREATE TRIGGER tracks_insert INSTEAD OF INSERT ON tracks BEGIN
    INSERT OR REPLACE INTO track_rows (${columns}) VALUES (${givenColumns});
  END;`;

/** A migration. Bears repeating. */
export function oneRowAChunk(db: Database): void {
  const { type } = db.sql.exec<{ type: string }>("SELECT type FROM sqlite_master WHERE name = 'journal'").one();
  if (type === "view") return;
  db.sql.exec(columnsAdded);
  // One by one: what leaves one table makes room for what comes into the other, however much waits.
  for (;;) {
    const [row] = db.sql.exec<{ track: string; seq: number }>("SELECT track, seq FROM journal LIMIT 1").toArray();
    if (!row) break;
    db.sql.exec(move, row.track, row.seq);
    db.sql.exec("DELETE FROM journal WHERE track = ? AND seq = ?", row.track, row.seq);
  }
  db.sql.exec(views);
}
