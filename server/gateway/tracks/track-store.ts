/** The rows of `tracks`: read once at every wake, then from memory, written through. */
import type { Database } from "../../shared/lib/sql.ts";
import type { TrackRow } from "./track-plan.ts";

export class TrackStore {
  readonly #db: Database;
  /** As many as the session has tracks. */
  readonly #rows = new Map<string, TrackRow>();

  constructor(db: Database) {
    this.#db = db;
    for (const row of db.sql.exec<TrackRow & Record<string, SqlStorageValue>>(
      "SELECT * FROM tracks ORDER BY opened_at, track",
    )) {
      this.#rows.set(row.track, row);
    }
  }

  get size(): number {
    return this.#rows.size;
  }

  /** By name: an order that no restart changes. */
  all(): TrackRow[] {
    return [...this.#rows.values()].sort((a, b) => (a.track < b.track ? -1 : 1));
  }

  /** Undefined for a track that was never opened. */
  get(track: string): TrackRow | undefined {
    return this.#rows.get(track);
  }

  required(track: string): TrackRow {
    const trackRow = this.#rows.get(track);
    if (!trackRow) throw new Error("journal: the track was never opened");
    return trackRow;
  }

  save(trackRow: TrackRow): void {
    this.write(trackRow);
    this.remember(trackRow);
  }

  /** Inside a transaction. Memory learns of it with `remember`, once that has succeeded: it could be rolled back. */
  write(trackRow: TrackRow): void {
    this.#db.sql.exec(
      `INSERT OR REPLACE INTO tracks (track, opened_at, started_at, updated_at, last_seq, received_chunks,
         duplicate_chunks, rejected_chunks, resolved_seq, end_seq, padding_samples, pace_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      trackRow.track,
      trackRow.opened_at,
      trackRow.started_at,
      trackRow.updated_at,
      trackRow.last_seq,
      trackRow.received_chunks,
      trackRow.duplicate_chunks,
      trackRow.rejected_chunks,
      trackRow.resolved_seq,
      trackRow.end_seq,
      trackRow.padding_samples,
      trackRow.pace_ms,
    );
  }

  remember(trackRow: TrackRow): void {
    this.#rows.set(trackRow.track, trackRow);
  }
}
