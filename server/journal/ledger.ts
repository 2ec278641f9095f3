/**
 * What a track's ledger says and how one chunk changes it: pure, no storage, no clock but the one passed
 * in. Guarantees that `received + missing` is the highest expected seq, and that a refused chunk changes
 * nothing.
 */
import { chunkMs } from "../../schemas/audio.ts";
import { limits } from "../../schemas/limits.ts";

/** A row of `tracks`. Times are ms since 1970. */
export interface TrackLedger {
  readonly track: string;
  readonly opened_at: number;
  readonly started_at: number | null;
  readonly updated_at: number | null;
  readonly last_seq: number;
  readonly received_chunks: number;
  readonly duplicate_chunks: number;
  readonly rejected_chunks: number;
  readonly resolved_seq: number;
  /** `last_seq` of the client's `end`, if it sent one. */
  readonly end_seq: number | null;
  readonly padding_samples: number;
  /** State of the track's pace (`limits/pace.ts`); null before its first chunk. */
  readonly pace_ms: number | null;
}

/** Seqs `from_seq` to `to_seq`, both included, expected and not kept. */
export interface Gap {
  readonly from_seq: number;
  readonly to_seq: number;
}

/** A track without a chunk. */
export function openLedger(track: string, now: number): TrackLedger {
  return {
    track,
    opened_at: now,
    started_at: null,
    updated_at: null,
    last_seq: 0,
    received_chunks: 0,
    duplicate_chunks: 0,
    rejected_chunks: 0,
    resolved_seq: 0,
    end_seq: null,
    padding_samples: 0,
    pace_ms: null,
  };
}

/** The highest seq known to belong to the track: kept, or announced by `end`. */
export function expectedSeq(ledger: TrackLedger): number {
  return Math.max(ledger.last_seq, ledger.end_seq ?? 0);
}

/** Seqs expected and not kept. */
export function missingChunks(ledger: TrackLedger): number {
  return expectedSeq(ledger) - ledger.received_chunks;
}

/** Length of the track's timeline, gaps included. */
export function durationMs(ledger: TrackLedger): number {
  return expectedSeq(ledger) * chunkMs;
}

/** Silence in the last second, if the client's `end` still names the last chunk. */
export function paddingSamples(ledger: TrackLedger): number {
  return ledger.end_seq === expectedSeq(ledger) ? ledger.padding_samples : 0;
}

/** Whether a seq lies too far beyond what the track has; see `limits.maxSeqAhead`. */
export function isOutOfRange(ledger: TrackLedger, seq: number): boolean {
  return seq > limits.maxSeq || seq > ledger.last_seq + limits.maxSeqAhead;
}

/** The rows of `gaps` that one change replaces, and with what. */
export interface GapChange {
  readonly remove: readonly Gap[];
  readonly add: readonly Gap[];
}
const noGapChange: GapChange = { remove: [], add: [] };

/**
 * Keeps a chunk not kept before.
 * @param gap the gap that holds `seq`; must be given when `seq` is not beyond the expected end.
 */
export function planStore(
  ledger: TrackLedger,
  seq: number,
  gap: Gap | undefined,
  now: number,
): { ledger: TrackLedger; gaps: GapChange } {
  return {
    ledger: {
      ...ledger,
      started_at: ledger.started_at ?? now,
      updated_at: now,
      last_seq: Math.max(ledger.last_seq, seq),
      received_chunks: ledger.received_chunks + 1,
    },
    gaps: gapsAfterStore(ledger, seq, gap),
  };
}

function gapsAfterStore(ledger: TrackLedger, seq: number, gap: Gap | undefined): GapChange {
  const end = expectedSeq(ledger);
  if (seq > end) return seq === end + 1 ? noGapChange : { remove: [], add: [{ from_seq: end + 1, to_seq: seq - 1 }] };
  if (!gap || seq < gap.from_seq || seq > gap.to_seq) {
    throw new Error(`ledger: seq ${seq} is neither kept nor in a gap`);
  }
  const add: Gap[] = [];
  if (gap.from_seq < seq) add.push({ from_seq: gap.from_seq, to_seq: seq - 1 });
  if (seq < gap.to_seq) add.push({ from_seq: seq + 1, to_seq: gap.to_seq });
  return { remove: [gap], add };
}

/**
 * Notes that nothing follows `endSeq`, which is at or beyond the last kept chunk. What lies between the two
 * becomes a gap.
 * @param tail the gap beyond the last kept chunk that an earlier `end` left, if any.
 * @returns undefined where that was known.
 */
export function planEnd(
  ledger: TrackLedger,
  endSeq: number,
  padding: number,
  tail: Gap | undefined,
  now: number,
): { ledger: TrackLedger; gaps: GapChange } | undefined {
  if (endSeq < ledger.last_seq) throw new Error(`ledger: end ${endSeq} lies below kept chunk ${ledger.last_seq}`);
  if (ledger.end_seq === endSeq && ledger.padding_samples === padding) return undefined;
  return {
    ledger: { ...ledger, end_seq: endSeq, padding_samples: padding, updated_at: now },
    gaps: {
      remove: tail ? [tail] : [],
      add: endSeq > ledger.last_seq ? [{ from_seq: ledger.last_seq + 1, to_seq: endSeq }] : [],
    },
  };
}
