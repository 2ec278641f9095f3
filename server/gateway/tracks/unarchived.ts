/**
 * What of the kept chunks R2 lacks: the rows of `ledger` that still hold their bytes. There is no index of them, which would cost a row
 * with each chunk. Instead each track has a mark below which none waits: in memory, and in the track's row whenever that is written, so
 * that a room which wakes looks at what came since.
 */
import { cachedByKey, type CachedByKey } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** A kept chunk whose bytes R2 does not have yet. */
export interface PendingChunk {
  readonly track: string;
  readonly seq: number;
  readonly timestamp_ms: number;
  readonly sha256: ArrayBuffer;
  readonly pcm: ArrayBuffer;
}

/** The chunks of a track that wait: how many, and a seq below which none does. */
interface Waiting {
  readonly from: number;
  readonly chunks: number;
}

const waitingFrom = "FROM ledger WHERE track = ? AND seq >= ? AND audio IS NOT NULL";
const markOf = stmt<[track: string], { pending_from: number | null }>(
  "SELECT pending_from FROM track_rows WHERE track = ?",
);
const countFrom = stmt<[track: string, from: number], { n: number }>(`SELECT count(*) AS n ${waitingFrom}`);
const seqFrom = stmt<[track: string, from: number], { seq: number }>(`SELECT seq ${waitingFrom} ORDER BY seq LIMIT 1`);
const chunkFrom = stmt<[track: string, from: number], PendingChunk>(
  `SELECT track, seq, timestamp_ms, sha256, audio AS pcm ${waitingFrom} ORDER BY seq LIMIT 1`,
);
const oldestFrom = stmt<[track: string, from: number], { at: number | null }>(
  `SELECT min(received_at) AS at ${waitingFrom}`,
);
const countBefore = stmt<[track: string, from: number, keptAt: number], { n: number }>(
  `SELECT count(*) AS n ${waitingFrom} AND received_at <= ?`,
);
/** A row without its bytes. */
interface Shrunken {
  readonly timestamp_ms: number;
  readonly received_at: number;
  readonly sha256: ArrayBuffer;
}
const takeOut = stmt<[track: string, seq: number], Shrunken>(
  "DELETE FROM ledger WHERE track = ? AND seq = ? AND audio IS NOT NULL RETURNING timestamp_ms, received_at, sha256",
);
const putBack = stmt<[track: string, seq: number, timestampMs: number, receivedAt: number, sha256: ArrayBuffer]>(
  "INSERT INTO ledger (track, seq, timestamp_ms, received_at, sha256) VALUES (?, ?, ?, ?, ?)",
);
const removeBytes = stmt<[track: string, seq: number]>(
  "UPDATE ledger SET audio = NULL WHERE track = ? AND seq = ? AND audio IS NOT NULL",
);

/**
 * Rows with bytes that a page holds. Where fewer wait, the next chunks of the track come to the page from which one loses its bytes, and
 * fill it up. Behind more than that no row comes any more: shrunken in their place, rows would keep half a kilobyte each for the meeting's
 * life. Only a row that leaves its page has SQLite look whether that is worth keeping: an UPDATE or REPLACE of the same key overwrites it there.
 */
const rowsOfPage = 8;

export class Unarchived {
  readonly #db: Database;
  readonly #tracks: () => readonly string[];
  readonly #waiting: CachedByKey<string, Waiting>;

  /** @param tracks the names of all tracks, in order. */
  constructor(db: Database, tracks: () => readonly string[]) {
    this.#db = db;
    this.#tracks = tracks;
    this.#waiting = cachedByKey(db, (track) => {
      // An earlier version, after a roll-back, leaves no mark.
      const from = markOf.first(db, track)?.pending_from ?? 1;
      return { from, chunks: countFrom.one(db, track, from).n };
    });
  }

  /** Chunks of all tracks. */
  get chunks(): number {
    let all = 0;
    for (const track of this.#tracks()) all += this.#waiting.get(track).chunks;
    return all;
  }

  chunksOf(track: string): number {
    return this.#waiting.get(track).chunks;
  }

  /** Chunks that were kept at that time, ms since 1970, or earlier. */
  keptBefore(keptAt: number): number {
    return this.#each(({ track, from }) => countBefore.one(this.#db, track, from, keptAt).n).reduce((a, b) => a + b, 0);
  }

  /** When the one that waits longest was kept, ms since 1970; null where none waits. */
  get oldestAt(): number | null {
    const times = this.#each(({ track, from }) => oldestFrom.one(this.#db, track, from).at ?? []).flat();
    return times.length === 0 ? null : Math.min(...times);
  }

  /** The first seq that waits; undefined where none does. */
  firstSeq(track: string): number | undefined {
    const { from, chunks } = this.#waiting.get(track);
    if (chunks === 0) return undefined;
    const seq = seqFrom.first(this.#db, track, from)?.seq;
    if (seq !== undefined) this.#waiting.set(track, { from: seq, chunks });
    return seq;
  }

  /** The first chunk after (track, seq), by track and seq. */
  next(after: { readonly track: string; readonly seq: number }): PendingChunk | undefined {
    for (const track of this.#tracks()) {
      if (track < after.track) continue;
      const { from, chunks } = this.#waiting.get(track);
      if (chunks === 0) continue;
      const chunk = chunkFrom.first(this.#db, track, track === after.track ? Math.max(from, after.seq + 1) : from);
      if (chunk) return chunk;
    }
    return undefined;
  }

  /** The mark to be written with the track's row. @param lastSeq the highest kept. */
  markOf(track: string, lastSeq: number): number {
    const { from, chunks } = this.#waiting.get(track);
    return chunks === 0 ? lastSeq + 1 : from;
  }

  /**
   * A chunk will be kept, and waits. Call before its row is written, in the same transaction; where it is below the mark that is stored,
   * the track's row has to be written too.
   */
  adding(track: string, seq: number): void {
    const { from, chunks } = this.#waiting.get(track);
    this.#waiting.set(track, { from: chunks === 0 ? seq : Math.min(from, seq), chunks: chunks + 1 });
  }

  /** Drops a chunk's bytes. */
  remove(track: string, seq: number): void {
    const { from, chunks } = this.#waiting.get(track);
    const isGone = chunks > rowsOfPage ? this.#rewrite(track, seq) : removeBytes.run(this.#db, track, seq);
    if (!isGone) return;
    this.#waiting.set(track, { from: seq === from ? seq + 1 : from, chunks: chunks - 1 });
  }

  /** Two rows that are billed. @returns whether the chunk had bytes. */
  #rewrite(track: string, seq: number): boolean {
    return this.#db.transaction(() => {
      const row = takeOut.first(this.#db, track, seq);
      if (row) putBack.run(this.#db, track, seq, row.timestamp_ms, row.received_at, row.sha256);
      return row !== undefined;
    });
  }

  #each<T>(of: (waiting: Waiting & { readonly track: string }) => T): T[] {
    return this.#tracks().flatMap((track) => {
      const waiting = this.#waiting.get(track);
      return waiting.chunks === 0 ? [] : [of({ track, ...waiting })];
    });
  }
}
