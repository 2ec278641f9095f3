/**
 * How far speaker resolve is, where a track's `resolved_seq` alone does not say: windows that failed, wait for
 * their next try or were opened again, chunks that came after their window was done, and each track's noise floor.
 */
import type { Database } from "../../shared/lib/sql.ts";

/** A window that is not simply done or still to come. Seqs are both included. */
export interface WindowRow {
  readonly from_seq: number;
  readonly to_seq: number;
  /** Failed tries so far. */
  readonly attempts: number;
  /** When it may be tried again, ms since 1970. */
  readonly due_at: number;
  /** `waiting` for its next try; `failed`: given up; `reopened` by hand after that. */
  readonly status: "waiting" | "failed" | "reopened";
}

export class WindowStore {
  readonly #sql: SqlStorage;
  /** Tracks known to have neither late chunks nor reopened windows: asked for every chunk and every status. */
  readonly #nothingOpen = new Set<string>();

  constructor(db: Database) {
    this.#sql = db.sql;
  }

  /** Notes a chunk that came after its window was resolved without it. */
  addLate(track: string, seq: number): void {
    this.#nothingOpen.delete(track);
    this.#sql.exec("INSERT OR IGNORE INTO late_chunks (track, seq) VALUES (?, ?)", track, seq);
  }

  firstLate(track: string): number | undefined {
    if (this.#nothingOpen.has(track)) return undefined;
    const [row] = this.#sql
      .exec<{ seq: number }>("SELECT seq FROM late_chunks WHERE track = ? ORDER BY seq LIMIT 1", track)
      .toArray();
    return row?.seq;
  }

  /** Late chunks that are resolved now. */
  removeLate(track: string, seqs: readonly number[]): void {
    for (const seq of seqs) this.#sql.exec("DELETE FROM late_chunks WHERE track = ? AND seq = ?", track, seq);
  }

  find(track: string, fromSeq: number): WindowRow | undefined {
    return this.#rows("track = ? AND from_seq = ?", track, fromSeq)[0];
  }

  firstReopened(track: string): WindowRow | undefined {
    if (this.#nothingOpen.has(track)) return undefined;
    return this.#rows("track = ? AND status = 'reopened' ORDER BY from_seq LIMIT 1", track)[0];
  }

  save(track: string, row: WindowRow): void {
    this.#nothingOpen.delete(track);
    this.#sql.exec(
      "INSERT OR REPLACE INTO resolve_windows (track, from_seq, to_seq, attempts, due_at, status) VALUES (?, ?, ?, ?, ?, ?)",
      track,
      row.from_seq,
      row.to_seq,
      row.attempts,
      row.due_at,
      row.status,
    );
  }

  remove(track: string, fromSeq: number): void {
    this.#sql.exec("DELETE FROM resolve_windows WHERE track = ? AND from_seq = ?", track, fromSeq);
  }

  /** Opens what was given up: all of it, or one track's. @returns how many windows. */
  reopenFailed(track: string | undefined): number {
    this.#nothingOpen.clear();
    return this.#sql.exec(
      "UPDATE resolve_windows SET status = 'reopened', attempts = 0, due_at = 0 WHERE status = 'failed' AND track = coalesce(?, track)",
      track ?? null,
    ).rowsWritten;
  }

  failedCount(track: string): number {
    return this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM resolve_windows WHERE track = ? AND status = 'failed'", track)
      .one().n;
  }

  /** The first seq of a window that was passed over and is open again; infinity where there is none. */
  firstOpen(track: string): number {
    const late = this.firstLate(track);
    const reopened = this.firstReopened(track)?.from_seq;
    if (late === undefined && reopened === undefined) this.#nothingOpen.add(track);
    return Math.min(late ?? Number.POSITIVE_INFINITY, reopened ?? Number.POSITIVE_INFINITY);
  }

  /** Level of the track's background noise, dBFS. */
  noiseFloor(track: string): number | undefined {
    const [row] = this.#sql
      .exec<{ level_db: number }>("SELECT level_db FROM noise_floors WHERE track = ?", track)
      .toArray();
    return row?.level_db;
  }

  setNoiseFloor(track: string, levelDb: number): void {
    this.#sql.exec("INSERT OR REPLACE INTO noise_floors (track, level_db) VALUES (?, ?)", track, levelDb);
  }

  #rows(where: string, ...values: (string | number)[]): WindowRow[] {
    return this.#sql
      .exec<WindowRow & Record<string, SqlStorageValue>>(
        `SELECT from_seq, to_seq, attempts, due_at, status FROM resolve_windows WHERE ${where}`,
        ...values,
      )
      .toArray();
  }
}
