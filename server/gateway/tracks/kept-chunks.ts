/** What is kept of each track, read back: the rows of `ledger`, with their bytes until R2 has them. */
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** A kept chunk, wherever its bytes are. */
export interface KeptChunk {
  readonly seq: number;
  readonly sha256: ArrayBuffer;
  /** Null once the bytes are in R2 alone. */
  readonly pcm: ArrayBuffer | null;
}

type HashRow = Pick<KeptChunk, "seq" | "sha256">;

/** Hashes read at a time: a day's meeting has 86,400, and memory must not hold them all (K4). */
const hashesPerPage = 1_024;

const chunksWithin = stmt<[track: string, from: number, to: number], KeptChunk>(
  "SELECT seq, sha256, audio AS pcm FROM ledger WHERE track = ? AND seq BETWEEN ? AND ? ORDER BY seq",
);
const countWithin = stmt<[track: string, from: number, to: number], { n: number }>(
  "SELECT count(*) AS n FROM ledger WHERE track = ? AND seq BETWEEN ? AND ?",
);
const seqsWithin = stmt<[track: string, from: number, to: number], { seq: number }>(
  "SELECT seq FROM ledger WHERE track = ? AND seq BETWEEN ? AND ?",
);
const nextSeq = stmt<[track: string, seq: number], { seq: number }>(
  "SELECT seq FROM ledger WHERE track = ? AND seq >= ? ORDER BY seq LIMIT 1",
);
const hashOf = stmt<[track: string, seq: number], Pick<KeptChunk, "sha256">>(
  "SELECT sha256 FROM ledger WHERE track = ? AND seq = ?",
);
const hashesAfter = stmt<[track: string, seq: number, max: number], HashRow>(
  "SELECT seq, sha256 FROM ledger WHERE track = ? AND seq > ? ORDER BY seq LIMIT ?",
);

export class KeptChunks {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** The kept chunks of a range, both ends included, in order; `pcm` is null where the bytes are only in R2. */
  within(track: string, from: number, to: number): KeptChunk[] {
    return chunksWithin.all(this.#db, track, from, to);
  }

  /** How many chunks of a range are kept. */
  count(track: string, from: number, to: number): number {
    return countWithin.one(this.#db, track, from, to).n;
  }

  /** Which chunks of a range are kept. */
  seqs(track: string, from: number, to: number): number[] {
    return seqsWithin.all(this.#db, track, from, to).map(({ seq }) => seq);
  }

  /** The first kept chunk at or after `seq`. */
  next(track: string, seq: number): number | undefined {
    return nextSeq.first(this.#db, track, seq)?.seq;
  }

  /** A chunk's SHA-256, 32 bytes; undefined where it is not kept. */
  hash(track: string, seq: number): Uint8Array | undefined {
    const row = hashOf.first(this.#db, track, seq);
    return row && new Uint8Array(row.sha256);
  }

  /** The hashes of a track in order: what the hash chain is made of. */
  *hashes(track: string): Generator<{ seq: number; sha256: Uint8Array }, void, undefined> {
    let from = 0;
    for (;;) {
      const page = hashesAfter.all(this.#db, track, from, hashesPerPage);
      for (const { seq, sha256 } of page) yield { seq, sha256: new Uint8Array(sha256) };
      const last = page.at(-1);
      if (!last || page.length < hashesPerPage) return;
      from = last.seq;
    }
  }
}
