/**
 * What a track's row says and how one chunk changes it: pure, no storage, no clock but the one passed in. Guarantees that
 * `received + missing` is the highest expected seq, and that a refused chunk changes nothing.
 */
import { chunkMs } from "../../../schemas/wire/audio.ts";
import { limits } from "../../../schemas/limits.ts";

/** A row of `tracks`. Times are ms since 1970. */
export interface TrackRow {
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
export function openTrackRow(track: string, now: number): TrackRow {
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
export function expectedSeq(trackRow: TrackRow): number {
  return Math.max(trackRow.last_seq, trackRow.end_seq ?? 0);
}

/** Whether it was said that nothing follows, and nothing did: a chunk beyond an announced end takes it back. */
export function hasEnded({ end_seq, last_seq }: TrackRow): boolean {
  return end_seq !== null && end_seq >= last_seq;
}

/** Seqs expected and not kept. */
export function missingChunks(trackRow: TrackRow): number {
  return expectedSeq(trackRow) - trackRow.received_chunks;
}

/** Length of the track's timeline, gaps included. */
export function durationMs(trackRow: TrackRow): number {
  return expectedSeq(trackRow) * chunkMs;
}

/** Samples of silence in the last chunk, if the client's `end` still names the last chunk. */
export function paddingSamples(trackRow: TrackRow): number {
  return trackRow.end_seq === expectedSeq(trackRow) ? trackRow.padding_samples : 0;
}

/** Whether a seq lies too far beyond what the track has; see `limits.maxSeqAhead`. */
export function isOutOfRange(trackRow: TrackRow, seq: number): boolean {
  return seq > limits.maxSeq || seq > trackRow.last_seq + limits.maxSeqAhead;
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
  trackRow: TrackRow,
  seq: number,
  gap: Gap | undefined,
  now: number,
): { trackRow: TrackRow; gaps: GapChange } {
  return {
    trackRow: {
      ...trackRow,
      started_at: trackRow.started_at ?? now,
      updated_at: now,
      last_seq: Math.max(trackRow.last_seq, seq),
      received_chunks: trackRow.received_chunks + 1,
    },
    gaps: gapsAfterStore(trackRow, seq, gap),
  };
}

function gapsAfterStore(trackRow: TrackRow, seq: number, gap: Gap | undefined): GapChange {
  const end = expectedSeq(trackRow);
  if (seq > end) return seq === end + 1 ? noGapChange : { remove: [], add: [{ from_seq: end + 1, to_seq: seq - 1 }] };
  if (!gap || seq < gap.from_seq || seq > gap.to_seq) {
    throw new Error(`tracks: seq ${seq} is neither kept nor in a gap`);
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
  trackRow: TrackRow,
  endSeq: number,
  padding: number,
  tail: Gap | undefined,
  now: number,
): { trackRow: TrackRow; gaps: GapChange } | undefined {
  if (endSeq < trackRow.last_seq) throw new Error(`tracks: end ${endSeq} lies below kept chunk ${trackRow.last_seq}`);
  if (trackRow.end_seq === endSeq && trackRow.padding_samples === padding) return undefined;
  return {
    trackRow: { ...trackRow, end_seq: endSeq, padding_samples: padding, updated_at: now },
    gaps: {
      remove: tail ? [tail] : [],
      add: endSeq > trackRow.last_seq ? [{ from_seq: trackRow.last_seq + 1, to_seq: endSeq }] : [],
    },
  };
}
