/**
 * The rows of tracks: read once, then from memory. Written through, but for chunks that come one after the other: the view `tracks` counts
 * those that came since the row was written.
 */
import { cached, type Cached, cachedByKey, type CachedByKey } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { admitSecond, type Pace } from "../../shared/limits/pace.ts";
import type { TrackRow } from "./track-plan.ts";

const readAll = stmt<[], TrackRow>("SELECT * FROM tracks ORDER BY opened_at, track");
const write = stmt<
  [
    ...[track: string, openedAt: number, startedAt: number | null, updatedAt: number | null],
    ...[lastSeq: number, receivedChunks: number, duplicateChunks: number, rejectedChunks: number],
    ...[resolvedSeq: number, endSeq: number | null, paddingSamples: number, paceMs: number | null],
    pendingFrom: number | null,
  ]
>(
  `INSERT OR REPLACE INTO track_rows (track, opened_at, started_at, updated_at, last_seq, received_chunks,
     duplicate_chunks, rejected_chunks, resolved_seq, end_seq, padding_samples, pace_ms, pending_from)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
);
/** When the chunks came that the view counts beyond a track's row, in order. */
const arrivals = stmt<[track: string], { received_at: number }>(
  `SELECT received_at FROM ledger WHERE track = ?1
   AND seq > (SELECT last_seq FROM track_rows WHERE track = ?1) ORDER BY seq`,
);
/** Chunks in a row that a track's row is not written for. */
const maxUnwritten = 16;

export class TrackStore {
  readonly #db: Database;
  /** As many as the session has tracks. */
  readonly #rows: Cached<Map<string, TrackRow>>;
  /** By track: chunks since its row was written, as far as memory goes back. */
  readonly #unwritten: CachedByKey<string, number>;
  readonly #markOf: (row: TrackRow) => number | null;

  /**
   * @param markOf a seq below which no chunk of the track waits for R2; null where that is not known.
   * @param pace how fast a track may come.
   */
  constructor(db: Database, markOf: (row: TrackRow) => number | null = () => null, pace: Pace | null = null) {
    this.#db = db;
    this.#markOf = markOf;
    this.#unwritten = cachedByKey(db, () => 0);
    this.#rows = cached(db, () => new Map(readAll.all(db).map((row) => [row.track, caughtUp(db, row, pace)])));
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
      this.#markOf(row),
    );
    this.#rows.get().set(row.track, row);
    this.#unwritten.set(row.track, 0);
  }

  /**
   * As `save`, for no more than that a chunk was kept beyond `last_seq`, in the transaction that keeps it: the view counts it, and the
   * row is written with one in so many.
   */
  advance(row: TrackRow): void {
    const unwritten = this.#unwritten.get(row.track) + 1;
    if (unwritten > maxUnwritten) return this.save(row);
    this.#rows.get().set(row.track, row);
    this.#unwritten.set(row.track, unwritten);
  }
}

/** The row with the pace as it was after the last chunk: each of those since the row was written took one, when it came. */
function caughtUp(db: Database, row: TrackRow, pace: Pace | null): TrackRow {
  if (!pace) return row;
  const after = arrivals.all(db, row.track).reduce((paceMs, { received_at }) => {
    const answer = admitSecond(paceMs, received_at, pace);
    return answer.ok ? answer.paceMs : paceMs;
  }, row.pace_ms);
  return { ...row, pace_ms: after };
}
