/** The rows of `tracks`: read once, then from memory, written through. */
import { cached, type Cached } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import type { TrackRow } from "./track-plan.ts";

const readAll = stmt<[], TrackRow>("SELECT * FROM tracks ORDER BY opened_at, track");
const write = stmt<
  [
    ...[track: string, openedAt: number, startedAt: number | null, updatedAt: number | null],
    ...[lastSeq: number, receivedChunks: number, duplicateChunks: number, rejectedChunks: number],
    ...[resolvedSeq: number, endSeq: number | null, paddingSamples: number, paceMs: number | null],
  ]
>(
  `INSERT OR REPLACE INTO tracks (track, opened_at, started_at, updated_at, last_seq, received_chunks,
     duplicate_chunks, rejected_chunks, resolved_seq, end_seq, padding_samples, pace_ms)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);

export class TrackStore {
  readonly #db: Database;
  /** As many as the session has tracks. */
  readonly #rows: Cached<Map<string, TrackRow>>;

  constructor(db: Database) {
    this.#db = db;
    this.#rows = cached(db, () => new Map(readAll.all(db).map((row) => [row.track, row])));
  }

  get size(): number {
    return this.#rows.get().size;
  }

  /** By name: an order that no restart changes. */
  all(): TrackRow[] {
    return [...this.#rows.get().values()].sort((a, b) => (a.track < b.track ? -1 : 1));
  }

  /** Undefined for a track that was never opened. */
  get(track: string): TrackRow | undefined {
    return this.#rows.get().get(track);
  }

  required(track: string): TrackRow {
    const row = this.get(track);
    if (!row) throw new Error("tracks: the track was never opened");
    return row;
  }

  save(row: TrackRow): void {
    write.run(
      this.#db,
      row.track,
      row.opened_at,
      row.started_at,
      row.updated_at,
      row.last_seq,
      row.received_chunks,
      row.duplicate_chunks,
      row.rejected_chunks,
      row.resolved_seq,
      row.end_seq,
      row.padding_samples,
      row.pace_ms,
    );
    this.#rows.get().set(row.track, row);
  }
}
