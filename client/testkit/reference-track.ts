/**
 * A track as SPEC.md has it, in the plainest way: the seconds that are kept, what `end` announced, and two counters. Tell it
 * what a room took, and it says what the room must say. For tests of rooms and of clients; knows no socket, time or storage.
 *
 *     const track = new ReferenceTrack();
 *     track.keep(1, sha256);                      // "stored", a second time "duplicate", other bytes "conflict"
 *     expect(ack).toMatchObject(track.ackFields()); // last_seq, contiguous_seq, missing_count, duplicate_count
 */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import type { TrackStatus } from "../../schemas/wire/messages.ts";

export type Range = [from: number, to: number];

/** The fields of a status that follow from what is kept; times, R2 and speaker resolve do not. */
export type TrackCounts = Pick<
  TrackStatus,
  | "last_seq"
  | "contiguous_seq"
  | "received_chunks"
  | "duplicate_chunks"
  | "missing_chunks"
  | "rejected_chunks"
  | "bytes_stored"
  | "missing"
>;

/** As many ranges as a status lists. */
const maxListedRanges = 64;
const ofEarlier = Symbol("kept before, with bytes that are not known");

/** @typeParam Second what stands for a second's bytes, a hash for example; compared by `===`. */
export class ReferenceTrack<Second = string> {
  duplicates = 0;
  rejected = 0;
  /** What `end` announced; null before. */
  end: number | null = null;
  paddingSamples = 0;
  readonly #kept = new Map<number, Second | typeof ofEarlier>();
  #lastSeq = 0;
  #contiguousSeq = 0;

  /** A track that an earlier connection wrote to. Of its seconds the bytes are not known: any are taken for the same. */
  static after(status: TrackCounts): ReferenceTrack {
    if (status.missing.length >= maxListedRanges)
      throw new RangeError("the track has more gaps than a status lists: what it keeps can't be known");
    const track = new ReferenceTrack();
    const gaps = new Set(status.missing.flatMap(([from, to]) => seqsOf(from, to)));
    for (const seq of seqsOf(1, status.last_seq)) if (!gaps.has(seq)) track.#put(seq, ofEarlier);
    const expected = status.received_chunks + status.missing_chunks;
    if (expected > status.last_seq) track.end = expected;
    track.duplicates = status.duplicate_chunks;
    track.rejected = status.rejected_chunks;
    return track;
  }

  /** A chunk came. A duplicate is counted; a conflict changes nothing, and whoever counts refusals counts it. */
  keep(seq: number, second: Second): "stored" | "duplicate" | "conflict" {
    const old = this.#kept.get(seq);
    if (old === undefined) {
      this.#put(seq, second);
      return "stored";
    }
    if (old !== ofEarlier && old !== second) return "conflict";
    this.#kept.set(seq, second);
    this.duplicates += 1;
    return "duplicate";
  }

  has(seq: number): boolean {
    return this.#kept.has(seq);
  }

  /** Undefined for a second that is not kept, or was before `after`. */
  at(seq: number): Second | undefined {
    const second = this.#kept.get(seq);
    return second === ofEarlier ? undefined : second;
  }

  /** How many seconds are kept. */
  get size(): number {
    return this.#kept.size;
  }

  /** Kept seqs, in ascending order. */
  seqs(): number[] {
    return [...this.#kept.keys()].sort((a, b) => a - b);
  }

  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** All up to here are kept. */
  get contiguousSeq(): number {
    return this.#contiguousSeq;
  }

  /** Up to here a missing second is a gap. */
  get expectedSeq(): number {
    return Math.max(this.#lastSeq, this.end ?? 0);
  }

  get missingCount(): number {
    return this.expectedSeq - this.#kept.size;
  }

  /** @param most ranges. */
  missing(most = Number.POSITIVE_INFINITY): Range[] {
    return missingRanges(this.#kept, this.expectedSeq).slice(0, most);
  }

  /** What an ack says besides its own chunk. */
  ackFields(): { last_seq: number; contiguous_seq: number; missing_count: number; duplicate_count: number } {
    return {
      last_seq: this.#lastSeq,
      contiguous_seq: this.#contiguousSeq,
      missing_count: this.missingCount,
      duplicate_count: this.duplicates,
    };
  }

  /** What a status says. */
  counts(): TrackCounts {
    return {
      last_seq: this.#lastSeq,
      contiguous_seq: this.#contiguousSeq,
      received_chunks: this.size,
      duplicate_chunks: this.duplicates,
      missing_chunks: this.missingCount,
      rejected_chunks: this.rejected,
      bytes_stored: this.size * chunkBytes,
      missing: this.missing(maxListedRanges),
    };
  }

  clone(): ReferenceTrack<Second> {
    const copy = new ReferenceTrack<Second>();
    for (const [seq, second] of this.#kept) copy.#put(seq, second);
    const { duplicates, rejected, end, paddingSamples } = this;
    return Object.assign(copy, { duplicates, rejected, end, paddingSamples });
  }

  #put(seq: number, second: Second | typeof ofEarlier): void {
    this.#kept.set(seq, second);
    this.#lastSeq = Math.max(this.#lastSeq, seq);
    while (this.#kept.has(this.#contiguousSeq + 1)) this.#contiguousSeq += 1;
  }
}

/** The runs of 1…`last` that are not in `kept`, in order. */
export function missingRanges(kept: { has(seq: number): boolean }, last: number): Range[] {
  const ranges: Range[] = [];
  for (let seq = 1; seq <= last; seq += 1) {
    if (kept.has(seq)) continue;
    const range = ranges.at(-1);
    if (range?.[1] === seq - 1) range[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}

function seqsOf(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
