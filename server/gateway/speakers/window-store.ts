/**
 * How far speaker resolve is, where a track's `resolved_seq` alone does not say: windows that failed, wait for their next try
 * or were opened again, chunks that came after their window was done, and each track's noise floor. Tracks see as much of it
 * as `ResolveProgress` names.
 */
import { cachedByKey, type CachedByKey } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import type { ResolveProgress } from "../tracks/resolve-progress.ts";

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

const addLate = stmt<[track: string, seq: number]>("INSERT OR IGNORE INTO late_chunks (track, seq) VALUES (?, ?)");
const firstLate = stmt<[track: string], { seq: number }>(
  "SELECT seq FROM late_chunks WHERE track = ? ORDER BY seq LIMIT 1",
);
const lateWithin = stmt<[track: string, from: number, to: number], { n: number }>(
  "SELECT count(*) AS n FROM late_chunks WHERE track = ? AND seq BETWEEN ? AND ?",
);
const removeLate = stmt<[track: string, seq: number]>("DELETE FROM late_chunks WHERE track = ? AND seq = ?");
const columns = "from_seq, to_seq, attempts, due_at, status";
const find = stmt<[track: string, fromSeq: number], WindowRow>(
  `SELECT ${columns} FROM resolve_windows WHERE track = ? AND from_seq = ?`,
);
const firstReopened = stmt<[track: string], WindowRow>(
  `SELECT ${columns} FROM resolve_windows WHERE track = ? AND status = 'reopened' ORDER BY from_seq LIMIT 1`,
);
const save = stmt<
  [track: string, fromSeq: number, toSeq: number, attempts: number, dueAt: number, status: WindowRow["status"]]
>(`INSERT OR REPLACE INTO resolve_windows (track, ${columns}) VALUES (?, ?, ?, ?, ?, ?)`);
const remove = stmt<[track: string, fromSeq: number]>("DELETE FROM resolve_windows WHERE track = ? AND from_seq = ?");
const removeAll = stmt<[track: string]>("DELETE FROM resolve_windows WHERE track = ?");
const keepHeard = stmt<[track: string]>(
  `INSERT OR REPLACE INTO heard_windows (track, from_seq, to_seq)
   SELECT track, from_seq, to_seq FROM resolve_windows WHERE track = ?`,
);
const failHeard = stmt<[track: string]>(
  `INSERT OR IGNORE INTO resolve_windows (track, ${columns})
   SELECT track, from_seq, to_seq, 0, 0, 'failed' FROM heard_windows WHERE track = ?`,
);
const removeHeard = stmt<[track: string]>("DELETE FROM heard_windows WHERE track = ?");
const removeAllLate = stmt<[track: string]>("DELETE FROM late_chunks WHERE track = ?");
const failed = stmt<[track: string | null], { track: string; from_seq: number; to_seq: number }>(
  "SELECT track, from_seq, to_seq FROM resolve_windows WHERE status = 'failed' AND track = coalesce(?, track)",
);
const countFailed = stmt<[track: string], { n: number }>(
  "SELECT count(*) AS n FROM resolve_windows WHERE track = ? AND status = 'failed'",
);
const noiseFloor = stmt<[track: string], { level_db: number }>("SELECT level_db FROM noise_floors WHERE track = ?");
const setNoiseFloor = stmt<[track: string, levelDb: number]>(
  "INSERT OR REPLACE INTO noise_floors (track, level_db) VALUES (?, ?)",
);

/** What of a track is open though it was passed over. */
interface Open {
  readonly late: number | undefined;
  readonly reopened: WindowRow | undefined;
}

export class WindowStore implements ResolveProgress {
  readonly #db: Database;
  /** Asked for every chunk and every status. */
  readonly #open: CachedByKey<string, Open>;
  /** How many windows of a track were given up: asked for with every status. */
  readonly #failed: CachedByKey<string, number>;

  constructor(db: Database) {
    this.#db = db;
    this.#failed = cachedByKey(db, (track) => countFailed.one(db, track).n);
    this.#open = cachedByKey(db, (track) => ({
      late: firstLate.first(db, track)?.seq,
      reopened: firstReopened.first(db, track),
    }));
  }

  /** Notes a chunk that came after its window was resolved without it. */
  addLate(track: string, seq: number): void {
    addLate.run(this.#db, track, seq);
    this.#open.forget(track);
  }

  /** The first chunk that came late. */
  firstLate(track: string): number | undefined {
    return this.#open.get(track).late;
  }

  hasLate(track: string, from: number, to: number): boolean {
    return lateWithin.one(this.#db, track, from, to).n > 0;
  }

  /** Late chunks that are resolved now. */
  removeLate(track: string, seqs: readonly number[]): void {
    for (const seq of seqs) removeLate.run(this.#db, track, seq);
    this.#open.forget(track);
  }

  find(track: string, fromSeq: number): WindowRow | undefined {
    return find.first(this.#db, track, fromSeq);
  }

  firstReopened(track: string): WindowRow | undefined {
    return this.#open.get(track).reopened;
  }

  save(track: string, { from_seq, to_seq, attempts, due_at, status }: WindowRow): void {
    save.run(this.#db, track, from_seq, to_seq, attempts, due_at, status);
    this.#forget(track);
  }

  remove(track: string, fromSeq: number): void {
    remove.run(this.#db, track, fromSeq);
    this.#forget(track);
  }

  /** A second look heard all of the track: nothing of it failed, waits or came late any more. Call in a transaction. */
  hear(track: string): void {
    keepHeard.run(this.#db, track);
    removeAll.run(this.#db, track);
    removeAllLate.run(this.#db, track);
    this.#forget(track);
  }

  /** No second look holds any more: what no other heard is given up, as it was before. Call in a transaction. */
  unhear(track: string): void {
    failHeard.run(this.#db, track);
    removeHeard.run(this.#db, track);
    this.#forget(track);
  }

  #forget(track: string): void {
    this.#open.forget(track);
    this.#failed.forget(track);
  }

  /**
   * Opens what was given up: all of it, or one track's. A row of an earlier version may hold a long stretch: each window of it is
   * opened by itself, since no service takes hours at once. Call in a transaction. @returns how many windows.
   */
  reopenFailed(track: string | undefined, windowChunks: number): number {
    let reopened = 0;
    for (const row of failed.all(this.#db, track ?? null)) {
      for (let from_seq = row.from_seq; from_seq <= row.to_seq; reopened += 1) {
        const to_seq = Math.min(row.to_seq, Math.ceil(from_seq / windowChunks) * windowChunks);
        this.save(row.track, { from_seq, to_seq, attempts: 0, due_at: 0, status: "reopened" });
        from_seq = to_seq + 1;
      }
    }
    return reopened;
  }

  failedCount(track: string): number {
    return this.#failed.get(track);
  }

  firstOpen(track: string): number {
    const { late, reopened } = this.#open.get(track);
    return Math.min(late ?? Number.POSITIVE_INFINITY, reopened?.from_seq ?? Number.POSITIVE_INFINITY);
  }

  /** Level of the track's background noise, dBFS. */
  noiseFloor(track: string): number | undefined {
    return noiseFloor.first(this.#db, track)?.level_db;
  }

  setNoiseFloor(track: string, levelDb: number): void {
    setNoiseFloor.run(this.#db, track, levelDb);
  }
}
