/**
 * The journal: every kept second, in the room's SQLite, before anyone is told that it is kept.
 *
 * Guarantees K1 (one atomic step writes bytes, ledger row and watermarks), K2 (kept bytes never change)
 * and K4 (bytes leave when `markArchived` says R2 has them; what stays in memory is one row a track).
 * Must not know sockets, R2 or sessions' states.
 */
import { chunkBytes } from "../../schemas/audio.ts";
import { type Sha256, toHex } from "../../schemas/chain.ts";
import { limits } from "../../schemas/limits.ts";
import type { Database } from "../lib/sql.ts";
import { GapNotes } from "./gap-notes.ts";
import { GapStore } from "./gap-store.ts";
import { WindowStore } from "./window-store.ts";
import { expectedSeq, type Gap, isOutOfRange, openLedger, planEnd, planStore, type TrackLedger } from "./ledger.ts";

export interface IncomingChunk {
  readonly seq: number;
  /** The client's wall clock at capture, ms. */
  readonly timestamp_ms: number;
  /** 32,000 bytes. */
  readonly content: Uint8Array;
}

export type KeepOutcome =
  | { readonly kind: "stored" | "duplicate"; readonly sha256: string; readonly ledger: TrackLedger }
  | {
      readonly kind: "refused";
      readonly code: "seq_conflict" | "seq_out_of_range" | "session_finalized" | "rate_limited";
    };

/** A kept chunk, wherever its bytes are. */
export interface KeptChunk {
  readonly seq: number;
  readonly sha256: ArrayBuffer;
  /** Null once the bytes are in R2 alone. */
  readonly pcm: ArrayBuffer | null;
}

/** A kept chunk whose bytes R2 does not have yet. */
export interface PendingChunk {
  readonly track: string;
  readonly seq: number;
  readonly timestamp_ms: number;
  readonly sha256: ArrayBuffer;
  readonly pcm: ArrayBuffer;
}

export class Journal {
  readonly #db: Database;
  readonly #hash: Sha256;
  /** Written through; at most `limits.maxTracksPerSession` entries. */
  readonly #ledgers = new Map<string, TrackLedger>();
  readonly #gaps: GapStore;
  /** Why seconds are missing. */
  readonly gapNotes: GapNotes;
  /** How far speaker resolve is. */
  readonly windows: WindowStore;
  readonly #maxBytes: number;
  #pendingChunks: number;

  /** @param maxBytes audio that may wait for R2; beyond it chunks are refused, retryable. */
  constructor(db: Database, hash: Sha256, maxBytes: number = limits.maxJournalBytes) {
    this.#db = db;
    this.#hash = hash;
    this.#maxBytes = maxBytes;
    this.#gaps = new GapStore(db);
    this.gapNotes = new GapNotes(db);
    this.windows = new WindowStore(db);
    for (const row of db.sql.exec<TrackLedger & Record<string, SqlStorageValue>>(
      "SELECT * FROM tracks ORDER BY opened_at, track",
    )) {
      this.#ledgers.set(row.track, row);
    }
    this.#pendingChunks = db.sql.exec<{ n: number }>("SELECT count(*) AS n FROM journal").one().n;
  }

  /** Chunks that wait for R2, over all tracks. */
  get pendingChunks(): number {
    return this.#pendingChunks;
  }

  /** Every track's ledger, by name: an order that no restart changes. */
  ledgers(): TrackLedger[] {
    return [...this.#ledgers.values()].sort((a, b) => (a.track < b.track ? -1 : 1));
  }

  /** Undefined for a track that was never opened. */
  ledger(track: string): TrackLedger | undefined {
    return this.#ledgers.get(track);
  }

  /** Whether the track is there or may still be opened. */
  hasRoomFor(track: string): boolean {
    return this.#ledgers.has(track) || this.#ledgers.size < limits.maxTracksPerSession;
  }

  /** Opens a track that `hasRoomFor` allows. @returns whether it is new. */
  openTrack(track: string): boolean {
    if (this.#ledgers.has(track)) return false;
    if (!this.hasRoomFor(track)) throw new Error("journal: the session has all the tracks it may have");
    this.#saveLedger(openLedger(track, this.#db.now()));
    return true;
  }

  /**
   * Keeps one chunk, or says why not; a chunk that is kept opens its track. Synchronous: nothing may come
   * between the look-up and the write.
   * @param accepting false once finalize began (F2): then only what is kept already is still confirmed,
   *   and no counter moves.
   */
  keep(track: string, chunk: IncomingChunk, accepting: boolean): KeepOutcome {
    const ledger = this.#ledgers.get(track) ?? openLedger(track, this.#db.now());
    if (!accepting && chunk.seq > ledger.last_seq) return { kind: "refused", code: "session_finalized" };
    if (isOutOfRange(ledger, chunk.seq)) return { kind: "refused", code: "seq_out_of_range" };
    const digest = this.#hash(chunk.content);
    const sha256 = toHex(digest);
    const kept = chunk.seq <= ledger.last_seq ? this.#keptHash(track, chunk.seq) : undefined;
    if (kept !== undefined) {
      if (!sameBytes(kept, digest)) return { kind: "refused", code: "seq_conflict" };
      const counted = accepting ? { ...ledger, duplicate_chunks: ledger.duplicate_chunks + 1 } : ledger;
      if (accepting) this.#saveLedger(counted);
      return { kind: "duplicate", sha256, ledger: counted };
    }
    if (!accepting) return { kind: "refused", code: "session_finalized" };
    if ((this.#pendingChunks + 1) * chunkBytes > this.#maxBytes) {
      return { kind: "refused", code: "rate_limited" };
    }
    return { kind: "stored", sha256, ledger: this.#store(ledger, chunk, digest) };
  }

  #store(ledger: TrackLedger, chunk: IncomingChunk, digest: Uint8Array): TrackLedger {
    const { track } = ledger;
    const now = this.#db.now();
    const gap = chunk.seq <= expectedSeq(ledger) ? this.#gaps.atOrBefore(track, chunk.seq) : undefined;
    const plan = planStore(ledger, chunk.seq, gap, now);
    this.#db.transaction(() => {
      this.#db.sql.exec(
        "INSERT INTO ledger (track, seq, timestamp_ms, received_at, sha256) VALUES (?, ?, ?, ?, ?)",
        track,
        chunk.seq,
        chunk.timestamp_ms,
        now,
        toBlob(digest),
      );
      this.#db.sql.exec(
        "INSERT INTO journal (track, seq, pcm) VALUES (?, ?, ?)",
        track,
        chunk.seq,
        toBlob(chunk.content),
      );
      this.#gaps.apply(track, plan.gaps);
      if (chunk.seq <= ledger.resolved_seq) this.windows.addLate(track, chunk.seq);
      this.#writeLedger(plan.ledger);
    });
    // Only after the step succeeded: a rolled-back write must not live on in memory.
    this.#ledgers.set(track, plan.ledger);
    this.#pendingChunks += 1;
    return plan.ledger;
  }

  /** Counts frames that were refused; the only trace that bad frames leave (K5). */
  countRejected(track: string, frames: number): void {
    if (frames === 0) return;
    const ledger = this.#required(track);
    this.#saveLedger({ ...ledger, rejected_chunks: ledger.rejected_chunks + frames });
  }

  /** Notes that nothing follows `lastSeq`, which is not below a kept chunk. @returns whether that was news. */
  end(track: string, lastSeq: number, paddingSamples: number): boolean {
    const ledger = this.#required(track);
    const nearest = this.#gaps.atOrBefore(track, ledger.last_seq + 1);
    const tail = nearest && nearest.from_seq > ledger.last_seq ? nearest : undefined;
    const plan = planEnd(ledger, lastSeq, paddingSamples, tail, this.#db.now());
    if (!plan) return false;
    this.#db.transaction(() => {
      this.#gaps.apply(track, plan.gaps);
      this.#writeLedger(plan.ledger);
    });
    this.#ledgers.set(track, plan.ledger);
    return true;
  }

  /** All up to here are kept. */
  contiguousSeq(track: string): number {
    const firstGap = this.#gaps.firstSeq(track);
    return firstGap === null ? this.#required(track).last_seq : firstGap - 1;
  }

  /** All kept ones up to here are in R2. */
  archivedSeq(track: string): number {
    const [row] = this.#db.sql
      .exec<{ seq: number }>("SELECT seq FROM journal WHERE track = ? ORDER BY seq LIMIT 1", track)
      .toArray();
    return row ? row.seq - 1 : this.#required(track).last_seq;
  }

  /** All up to here were given to speaker resolve; less than the track's own mark while late chunks wait. */
  resolvedSeq(track: string): number {
    return Math.min(this.#required(track).resolved_seq, this.windows.firstOpen(track) - 1);
  }

  /** Notes that speaker resolve is done with all up to `seq`. */
  setResolved(track: string, seq: number): void {
    this.#saveLedger({ ...this.#required(track), resolved_seq: seq });
  }

  /** How many chunks of a range are kept. */
  countKept(track: string, from: number, to: number): number {
    return this.#db.sql
      .exec<{ n: number }>("SELECT count(*) AS n FROM ledger WHERE track = ? AND seq BETWEEN ? AND ?", track, from, to)
      .one().n;
  }

  keptSeqs(track: string, from: number, to: number): number[] {
    return this.#db.sql
      .exec<{ seq: number }>("SELECT seq FROM ledger WHERE track = ? AND seq BETWEEN ? AND ?", track, from, to)
      .toArray()
      .map(({ seq }) => seq);
  }

  /** The first kept chunk at or after `seq`. */
  nextKept(track: string, seq: number): number | undefined {
    const [row] = this.#db.sql
      .exec<{ seq: number }>("SELECT seq FROM ledger WHERE track = ? AND seq >= ? ORDER BY seq LIMIT 1", track, seq)
      .toArray();
    return row?.seq;
  }

  /** The kept chunks of a range in order; `pcm` is null where the bytes are only in R2. */
  kept(track: string, from: number, to: number): KeptChunk[] {
    return this.#db.sql
      .exec<KeptChunk & Record<string, SqlStorageValue>>(
        "SELECT seq, sha256, pcm FROM chunks WHERE track = ? AND seq BETWEEN ? AND ? ORDER BY seq",
        track,
        from,
        to,
      )
      .toArray();
  }

  /** The track's gaps in order; adjacent ones as one. At most `max` of them. */
  missing(track: string, max: number = limits.maxMissingRanges): [number, number][] {
    return this.#gaps.ranges(track, max);
  }

  /** The gaps of a range, both ends included, in order. */
  gapsWithin(track: string, from: number, to: number): Gap[] {
    return this.#gaps.within(track, from, to);
  }

  /** The first chunk after (track, seq) that R2 lacks, in storage order. */
  nextPending(after: { track: string; seq: number }): PendingChunk | undefined {
    const [row] = this.#db.sql
      .exec<{ track: string; seq: number; timestamp_ms: number; sha256: ArrayBuffer; pcm: ArrayBuffer }>(
        `SELECT track, seq, timestamp_ms, sha256, pcm FROM journal JOIN ledger USING (track, seq)
         WHERE (track, seq) > (?, ?) ORDER BY track, seq LIMIT 1`,
        after.track,
        after.seq,
      )
      .toArray();
    return row;
  }

  /** Drops a chunk's bytes. Call only once R2 has confirmed them (K3, K4). */
  markArchived(track: string, seq: number): void {
    const { rowsWritten } = this.#db.sql.exec("DELETE FROM journal WHERE track = ? AND seq = ?", track, seq);
    if (rowsWritten > 0) this.#pendingChunks -= 1;
  }

  /** The kept chunks of a track in order: what the hash chain is made of. */
  *hashes(track: string): Generator<{ seq: number; sha256: Uint8Array }> {
    for (const row of this.#db.sql.exec<{ seq: number; sha256: ArrayBuffer }>(
      "SELECT seq, sha256 FROM ledger WHERE track = ? ORDER BY seq",
      track,
    )) {
      yield { seq: row.seq, sha256: new Uint8Array(row.sha256) };
    }
  }

  #required(track: string): TrackLedger {
    const ledger = this.#ledgers.get(track);
    if (!ledger) throw new Error("journal: the track was never opened");
    return ledger;
  }

  #keptHash(track: string, seq: number): Uint8Array | undefined {
    const [row] = this.#db.sql
      .exec<{ sha256: ArrayBuffer }>("SELECT sha256 FROM ledger WHERE track = ? AND seq = ?", track, seq)
      .toArray();
    return row && new Uint8Array(row.sha256);
  }

  #saveLedger(ledger: TrackLedger): void {
    this.#writeLedger(ledger);
    this.#ledgers.set(ledger.track, ledger);
  }

  #writeLedger(ledger: TrackLedger): void {
    this.#db.sql.exec(
      `INSERT OR REPLACE INTO tracks (track, opened_at, started_at, updated_at, last_seq, received_chunks,
         duplicate_chunks, rejected_chunks, resolved_seq, end_seq, padding_samples)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ledger.track,
      ledger.opened_at,
      ledger.started_at,
      ledger.updated_at,
      ledger.last_seq,
      ledger.received_chunks,
      ledger.duplicate_chunks,
      ledger.rejected_chunks,
      ledger.resolved_seq,
      ledger.end_seq,
      ledger.padding_samples,
    );
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}

/** SQLite takes an ArrayBuffer: exactly these bytes, not the larger buffer a view may look into. */
function toBlob(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength) return buffer;
  return new Uint8Array(bytes).buffer;
}
