/** What is kept of each track, read back: the rows of `ledger`, and their bytes as long as they are in `journal`. */
import type { Database } from "../../shared/lib/sql.ts";

/** A kept chunk, wherever its bytes are. */
export interface KeptChunk {
  readonly seq: number;
  readonly sha256: ArrayBuffer;
  /** Null once the bytes are in R2 alone. */
  readonly pcm: ArrayBuffer | null;
}

export class KeptChunks {
  readonly #sql: SqlStorage;

  constructor(db: Database) {
    this.#sql = db.sql;
  }

  /** The kept chunks of a range, both ends included, in order; `pcm` is null where the bytes are only in R2. */
  within(track: string, from: number, to: number): KeptChunk[] {
    return this.#sql
      .exec<KeptChunk & Record<string, SqlStorageValue>>(
        "SELECT seq, sha256, pcm FROM chunks WHERE track = ? AND seq BETWEEN ? AND ? ORDER BY seq",
        track,
        from,
        to,
      )
      .toArray();
  }

  /** How many chunks of a range are kept. */
  count(track: string, from: number, to: number): number {
    return this.#sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM ledger WHERE track = ? AND seq BETWEEN ? AND ?", track, from, to)
      .one().n;
  }

  /** Which chunks of a range are kept. */
  seqs(track: string, from: number, to: number): number[] {
    return this.#sql
      .exec<{ seq: number }>("SELECT seq FROM ledger WHERE track = ? AND seq BETWEEN ? AND ?", track, from, to)
      .toArray()
      .map(({ seq }) => seq);
  }

  /** The first kept chunk at or after `seq`. */
  next(track: string, seq: number): number | undefined {
    const [row] = this.#sql
      .exec<{ seq: number }>("SELECT seq FROM ledger WHERE track = ? AND seq >= ? ORDER BY seq LIMIT 1", track, seq)
      .toArray();
    return row?.seq;
  }

  /** A chunk's SHA-256, 32 bytes; undefined where it is not kept. */
  hash(track: string, seq: number): Uint8Array | undefined {
    const [row] = this.#sql
      .exec<{ sha256: ArrayBuffer }>("SELECT sha256 FROM ledger WHERE track = ? AND seq = ?", track, seq)
      .toArray();
    return row && new Uint8Array(row.sha256);
  }

  /** The hashes of a track in order: what the hash chain is made of. */
  *hashes(track: string): Generator<{ seq: number; sha256: Uint8Array }> {
    for (const row of this.#sql.exec<{ seq: number; sha256: ArrayBuffer }>(
      "SELECT seq, sha256 FROM ledger WHERE track = ? ORDER BY seq",
      track,
    )) {
      yield { seq: row.seq, sha256: new Uint8Array(row.sha256) };
    }
  }
}
