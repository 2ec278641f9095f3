/**
 * Tracks: every kept chunk, in the room's SQLite, before anyone is told that it is kept.
 *
 * Guarantees K1 (one atomic step writes bytes, hash and watermarks), K2 (kept bytes never change) and K4 (bytes leave when
 * `markArchived` says that R2 has them; what stays in memory is one row a track). Must not know sockets, R2, speakers or the
 * session's status.
 */
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import { type Sha256, toHex } from "../../../schemas/chain.ts";
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { switchedOffRetryMs } from "../../../schemas/switches.ts";
import { admitSecond } from "../../shared/limits/pace.ts";
import { GapNotes } from "./gap-notes.ts";
import { GapStore } from "./gap-store.ts";
import { type IncomingChunk, type KeepOutcome, noLimits, type StorageLimits } from "./keep.ts";
import { KeptChunks } from "./kept-chunks.ts";
import { type SetOrigins, TrackOrigins } from "./track-origins.ts";
import { expectedSeq, type Gap, isOutOfRange, openTrackRow, planEnd, planStore, type TrackRow } from "./track-plan.ts";
import { TrackOpeners } from "./track-openers.ts";
import { TrackStore } from "./track-store.ts";
import { noResolve, type ResolveProgress } from "./resolve-progress.ts";
import { type PendingChunk, Unarchived } from "./unarchived.ts";
import { Watermarks } from "./watermarks.ts";

/** When a chunk that was refused because R2 is behind should be sent again. */
const storageRetryMs = 10_000;

const addChunk = stmt<
  [track: string, seq: number, timestampMs: number, receivedAt: number, sha256: Uint8Array, pcm: Uint8Array]
>("INSERT INTO ledger (track, seq, timestamp_ms, received_at, sha256, audio) VALUES (?, ?, ?, ?, ?, ?)");

export class Tracks {
  readonly #db: Database;
  readonly #hash: Sha256;
  readonly #rows: TrackStore;
  readonly #gaps: GapStore;
  /** What is kept, read back. */
  readonly kept: KeptChunks;
  /** How far each track is. */
  readonly watermarks: Watermarks;
  /** Why seconds are missing. */
  readonly gapNotes: GapNotes;
  /** Whose frames opened them. */
  readonly openers: TrackOpeners;
  /** Where each track begins by the wall clock. */
  readonly origins: TrackOrigins;
  readonly #resolve: ResolveProgress;
  readonly #limits: StorageLimits;
  /** What R2 lacks. */
  readonly unarchived: Unarchived;

  /**
   * @param given limits beyond which chunks are refused, retryable. @param resolve how far speaker resolve is.
   * @param setOrigins what people said of the tracks' origins.
   */
  constructor(
    db: Database,
    hash: Sha256,
    given: Partial<StorageLimits> = {},
    resolve: ResolveProgress = noResolve,
    setOrigins: () => SetOrigins = () => new Map(),
  ) {
    this.#db = db;
    this.#hash = hash;
    this.#limits = { ...noLimits, ...given };
    const markOf = ({ track, last_seq }: TrackRow): number => this.unarchived.markOf(track, last_seq);
    this.#rows = new TrackStore(db, markOf, this.#limits.pace);
    this.unarchived = new Unarchived(db, () => this.rows().map(({ track }) => track));
    this.#gaps = new GapStore(db);
    this.gapNotes = new GapNotes(db);
    this.openers = new TrackOpeners(db);
    this.origins = new TrackOrigins(db, setOrigins);
    this.#resolve = resolve;
    this.kept = new KeptChunks(db);
    this.watermarks = new Watermarks({
      gaps: this.#gaps,
      resolve,
      unarchived: this.unarchived,
      trackRow: (track) => this.#rows.required(track),
    });
  }

  /** Chunks that wait for R2, over all tracks. */
  get pendingChunks(): number {
    return this.unarchived.chunks;
  }

  /** Every track's row, by name: an order that no restart changes. */
  rows(): TrackRow[] {
    return this.#rows.all();
  }

  /** Undefined for a track that was never opened. */
  row(track: string): TrackRow | undefined {
    return this.#rows.get(track);
  }

  /** Tracks that the session may have. */
  get maxTracks(): number {
    return this.#limits.maxTracks;
  }

  /** Whether the track is there or may still be opened. */
  hasRoomFor(track: string): boolean {
    return this.row(track) !== undefined || this.#rows.size < this.#limits.maxTracks;
  }

  /** Opens a track that `hasRoomFor` allows. @returns whether it is new. */
  openTrack(track: string): boolean {
    if (this.row(track)) return false;
    if (!this.hasRoomFor(track)) throw new Error("tracks: the session has all the tracks it may have");
    this.#rows.save(openTrackRow(track, this.#db.now()));
    return true;
  }

  /**
   * Keeps one chunk, or says why not; a chunk that is kept opens its track. Synchronous: nothing may come
   * between the look-up and the write.
   * @param accepting false once finalize began (F2): then only what is kept already is still confirmed,
   *   and no counter moves.
   */
  keep(track: string, chunk: IncomingChunk, accepting: boolean): KeepOutcome {
    const known = this.#rows.get(track);
    const trackRow = known ?? openTrackRow(track, this.#db.now());
    if (!accepting && chunk.seq > trackRow.last_seq) return { kind: "refused", code: "session_finalized" };
    if (isOutOfRange(trackRow, chunk.seq)) return { kind: "refused", code: "seq_out_of_range" };
    const paced = accepting ? this.#paced(trackRow) : trackRow;
    if ("retryAfterMs" in paced) return { kind: "refused", code: "rate_limited", limit: "pace", ...paced };
    const digest = this.#hash(chunk.content);
    const sha256 = toHex(digest);
    const kept = chunk.seq <= trackRow.last_seq ? this.kept.hash(track, chunk.seq) : undefined;
    if (kept !== undefined) {
      if (!sameBytes(kept, digest)) return { kind: "refused", code: "seq_conflict" };
      const counted = accepting ? { ...paced, duplicate_chunks: trackRow.duplicate_chunks + 1 } : trackRow;
      if (accepting) this.#rows.save(counted);
      return { kind: "duplicate", sha256, ...this.#kept(counted, false) };
    }
    if (!accepting) return { kind: "refused", code: "session_finalized" };
    const refusal = this.#storeRefusal();
    if (refusal) return { kind: "refused", code: "rate_limited", ...refusal };
    return { kind: "stored", sha256, ...this.#kept(this.#store(paced, chunk, digest), known === undefined) };
  }

  #kept(trackRow: TrackRow, isNew: boolean): { trackRow: TrackRow; contiguousSeq: number; isNew: boolean } {
    return { trackRow, contiguousSeq: this.watermarks.contiguousSeq(trackRow.track), isNew };
  }

  /** The row with one chunk of the track's pace taken. A chunk that is kept already takes one too: both are work. */
  #paced(trackRow: TrackRow): TrackRow | { readonly retryAfterMs: number } {
    const { pace } = this.#limits;
    if (!pace) return trackRow;
    const answer = admitSecond(trackRow.pace_ms, this.#db.now(), pace);
    return answer.ok ? { ...trackRow, pace_ms: answer.paceMs } : { retryAfterMs: answer.retryAfterMs };
  }

  #storeRefusal(): { readonly limit: "switch" | "quota" | "storage"; readonly retryAfterMs: number } | undefined {
    const { maxBytes, mayStore, isSwitchedOff } = this.#limits;
    if (isSwitchedOff()) return { limit: "switch", retryAfterMs: switchedOffRetryMs };
    if ((this.pendingChunks + 1) * chunkBytes > maxBytes) return { limit: "storage", retryAfterMs: storageRetryMs };
    const answer = mayStore(this.storedChunks);
    return answer === "yes" ? undefined : { limit: "quota", retryAfterMs: answer.retryAfterMs };
  }

  /** Chunks that the session ever stored, over all tracks. */
  get storedChunks(): number {
    let total = 0;
    for (const { received_chunks } of this.#rows.all()) total += received_chunks;
    return total;
  }

  #store(trackRow: TrackRow, chunk: IncomingChunk, digest: Uint8Array): TrackRow {
    const { track } = trackRow;
    const now = this.#db.now();
    const gap = chunk.seq <= expectedSeq(trackRow) ? this.#gaps.atOrBefore(track, chunk.seq) : undefined;
    const plan = planStore(trackRow, chunk.seq, gap, now);
    const isNext = trackRow.received_chunks > 0 && chunk.seq > trackRow.last_seq;
    this.#db.transaction(() => {
      this.unarchived.adding(track, chunk.seq);
      addChunk.run(this.#db, track, chunk.seq, chunk.timestamp_ms, now, digest, chunk.content);
      this.#gaps.apply(track, plan.gaps);
      this.origins.chunkKept(track, { ...chunk, receivedAt: now }, trackRow.received_chunks === 0);
      if (chunk.seq <= trackRow.resolved_seq) this.#resolve.addLate(track, chunk.seq);
      if (isNext) this.#rows.advance(plan.trackRow);
      else this.#rows.save(plan.trackRow);
    });
    return plan.trackRow;
  }

  /** Counts frames that were refused; the only trace that bad frames leave (K5). */
  countRejected(track: string, frames: number): void {
    if (frames === 0) return;
    const trackRow = this.#rows.required(track);
    this.#rows.save({ ...trackRow, rejected_chunks: trackRow.rejected_chunks + frames });
  }

  /** Notes that nothing follows `lastSeq`, which is not below a kept chunk. @returns whether that was news. */
  end(track: string, lastSeq: number, paddingSamples: number): boolean {
    const trackRow = this.#rows.required(track);
    const nearest = this.#gaps.atOrBefore(track, trackRow.last_seq + 1);
    const tail = nearest && nearest.from_seq > trackRow.last_seq ? nearest : undefined;
    const plan = planEnd(trackRow, lastSeq, paddingSamples, tail, this.#db.now());
    if (!plan) return false;
    this.#db.transaction(() => {
      this.#gaps.apply(track, plan.gaps);
      this.#rows.save(plan.trackRow);
    });
    return true;
  }

  /** Notes that speaker resolve is done with all up to `seq`. */
  setResolved(track: string, seq: number): void {
    this.#rows.save({ ...this.#rows.required(track), resolved_seq: seq });
  }

  /** Windows of the track that speaker resolve gave up. */
  failedWindows(track: string): number {
    return this.#resolve.failedCount(track);
  }

  /** The track's gaps in order; adjacent ones as one. At most `max` of them. */
  missing(track: string, max: number = limits.maxMissingRanges, after = 0): [number, number][] {
    return this.#gaps.ranges(track, max, after);
  }

  /** The gaps of a range, both ends included, in order. */
  gapsWithin(track: string, from: number, to: number): Gap[] {
    return this.#gaps.within(track, from, to);
  }

  /** The first chunk after (track, seq) that R2 lacks, in storage order. */
  nextPending(after: { track: string; seq: number }): PendingChunk | undefined {
    return this.unarchived.next(after);
  }

  /** Drops a chunk's bytes. Call only once R2 has confirmed them (K3, K4). */
  markArchived(track: string, seq: number): void {
    this.unarchived.remove(track, seq);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, i) => byte === b[i]);
}
