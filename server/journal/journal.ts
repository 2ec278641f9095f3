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
import type { MayStore } from "../limits/audio-lease.ts";
import { admitSecond, type Pace } from "../limits/pace.ts";
import { GapNotes } from "./gap-notes.ts";
import { GapStore } from "./gap-store.ts";
import { KeptChunks } from "./kept-chunks.ts";
import { expectedSeq, type Gap, isOutOfRange, openLedger, planEnd, planStore, type TrackLedger } from "./ledger.ts";
import { LedgerStore } from "./ledger-store.ts";
import { Watermarks } from "./watermarks.ts";
import { WindowStore } from "./window-store.ts";

export interface IncomingChunk {
  readonly seq: number;
  /** The client's wall clock at capture, ms. */
  readonly timestamp_ms: number;
  /** 32,000 bytes. */
  readonly content: Uint8Array;
}

export type KeepOutcome =
  | { readonly kind: "stored" | "duplicate"; readonly sha256: string; readonly ledger: TrackLedger }
  | { readonly kind: "refused"; readonly code: "seq_conflict" | "seq_out_of_range" | "session_finalized" }
  | {
      readonly kind: "refused";
      readonly code: "rate_limited";
      /** The track is too fast; the tenant's audio of the day is used up; too much waits for R2. */
      readonly limit: "pace" | "quota" | "storage";
      readonly retryAfterMs: number;
    };

export interface JournalLimits {
  /** Audio that may wait for R2. */
  readonly maxBytes: number;
  readonly maxTracks: number;
  /** Of each track; null: any. */
  readonly pace: Pace | null;
  /** Whether the session may store one second more, having stored so many. */
  readonly mayStore: (storedTotal: number) => MayStore;
}

const noLimits: JournalLimits = {
  maxBytes: limits.maxJournalBytes,
  maxTracks: limits.maxTracksPerSession,
  pace: null,
  mayStore: () => "yes",
};

/** When a chunk that was refused because R2 is behind should be sent again. */
const storageRetryMs = 10_000;

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
  readonly #ledgers: LedgerStore;
  readonly #gaps: GapStore;
  /** What is kept, read back. */
  readonly kept: KeptChunks;
  /** How far each track is. */
  readonly watermarks: Watermarks;
  /** Why seconds are missing. */
  readonly gapNotes: GapNotes;
  /** How far speaker resolve is. */
  readonly windows: WindowStore;
  readonly #limits: JournalLimits;
  #pendingChunks: number;

  /** @param given beyond which chunks are refused, retryable. */
  constructor(db: Database, hash: Sha256, given: Partial<JournalLimits> = {}) {
    this.#db = db;
    this.#hash = hash;
    this.#limits = { ...noLimits, ...given };
    this.#ledgers = new LedgerStore(db);
    this.#gaps = new GapStore(db);
    this.gapNotes = new GapNotes(db);
    this.windows = new WindowStore(db);
    this.kept = new KeptChunks(db);
    this.watermarks = new Watermarks({
      db,
      gaps: this.#gaps,
      windows: this.windows,
      ledger: (track) => this.#ledgers.required(track),
    });
    this.#pendingChunks = db.sql.exec<{ n: number }>("SELECT count(*) AS n FROM journal").one().n;
  }

  /** Chunks that wait for R2, over all tracks. */
  get pendingChunks(): number {
    return this.#pendingChunks;
  }

  /** Every track's ledger, by name: an order that no restart changes. */
  ledgers(): TrackLedger[] {
    return this.#ledgers.all();
  }

  /** Undefined for a track that was never opened. */
  ledger(track: string): TrackLedger | undefined {
    return this.#ledgers.get(track);
  }

  /** Tracks that the session may have. */
  get maxTracks(): number {
    return this.#limits.maxTracks;
  }

  /** Whether the track is there or may still be opened. */
  hasRoomFor(track: string): boolean {
    return this.ledger(track) !== undefined || this.#ledgers.size < this.#limits.maxTracks;
  }

  /** Opens a track that `hasRoomFor` allows. @returns whether it is new. */
  openTrack(track: string): boolean {
    if (this.ledger(track)) return false;
    if (!this.hasRoomFor(track)) throw new Error("journal: the session has all the tracks it may have");
    this.#ledgers.save(openLedger(track, this.#db.now()));
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
    const paced = accepting ? this.#paced(ledger) : ledger;
    if ("retryAfterMs" in paced) return { kind: "refused", code: "rate_limited", limit: "pace", ...paced };
    const digest = this.#hash(chunk.content);
    const sha256 = toHex(digest);
    const kept = chunk.seq <= ledger.last_seq ? this.kept.hash(track, chunk.seq) : undefined;
    if (kept !== undefined) {
      if (!sameBytes(kept, digest)) return { kind: "refused", code: "seq_conflict" };
      const counted = accepting ? { ...paced, duplicate_chunks: ledger.duplicate_chunks + 1 } : ledger;
      if (accepting) this.#ledgers.save(counted);
      return { kind: "duplicate", sha256, ledger: counted };
    }
    if (!accepting) return { kind: "refused", code: "session_finalized" };
    const refusal = this.#storeRefusal();
    if (refusal) return { kind: "refused", code: "rate_limited", ...refusal };
    return { kind: "stored", sha256, ledger: this.#store(paced, chunk, digest) };
  }

  /** The ledger with one second of the track's pace taken, kept already or not: both are work. */
  #paced(ledger: TrackLedger): TrackLedger | { readonly retryAfterMs: number } {
    const { pace } = this.#limits;
    if (!pace) return ledger;
    const answer = admitSecond(ledger.pace_ms, this.#db.now(), pace);
    return answer.ok ? { ...ledger, pace_ms: answer.paceMs } : { retryAfterMs: answer.retryAfterMs };
  }

  #storeRefusal(): { readonly limit: "quota" | "storage"; readonly retryAfterMs: number } | undefined {
    const { maxBytes, mayStore } = this.#limits;
    if ((this.#pendingChunks + 1) * chunkBytes > maxBytes) return { limit: "storage", retryAfterMs: storageRetryMs };
    const answer = mayStore(this.storedChunks);
    return answer === "yes" ? undefined : { limit: "quota", retryAfterMs: answer.retryAfterMs };
  }

  /** Chunks that the session ever stored, over all tracks. */
  get storedChunks(): number {
    let total = 0;
    for (const { received_chunks } of this.#ledgers.all()) total += received_chunks;
    return total;
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
      this.#ledgers.write(plan.ledger);
    });
    // Only after the step succeeded: a rolled-back write must not live on in memory.
    this.#ledgers.remember(plan.ledger);
    this.#pendingChunks += 1;
    return plan.ledger;
  }

  /** Counts frames that were refused; the only trace that bad frames leave (K5). */
  countRejected(track: string, frames: number): void {
    if (frames === 0) return;
    const ledger = this.#ledgers.required(track);
    this.#ledgers.save({ ...ledger, rejected_chunks: ledger.rejected_chunks + frames });
  }

  /** Notes that nothing follows `lastSeq`, which is not below a kept chunk. @returns whether that was news. */
  end(track: string, lastSeq: number, paddingSamples: number): boolean {
    const ledger = this.#ledgers.required(track);
    const nearest = this.#gaps.atOrBefore(track, ledger.last_seq + 1);
    const tail = nearest && nearest.from_seq > ledger.last_seq ? nearest : undefined;
    const plan = planEnd(ledger, lastSeq, paddingSamples, tail, this.#db.now());
    if (!plan) return false;
    this.#db.transaction(() => {
      this.#gaps.apply(track, plan.gaps);
      this.#ledgers.write(plan.ledger);
    });
    this.#ledgers.remember(plan.ledger);
    return true;
  }

  /** Notes that speaker resolve is done with all up to `seq`. */
  setResolved(track: string, seq: number): void {
    this.#ledgers.save({ ...this.#ledgers.required(track), resolved_seq: seq });
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
