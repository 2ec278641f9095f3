/**
 * One axis for all tracks of a meeting. Each track's times begin at its own first sample; its origin is the wall clock of that
 * sample, and 0 of the meeting is the earliest origin (E4). A track without one (of a session opened before Nov 2026) begins
 * at 0. Pure.
 */
import type { Turn } from "../http/result.ts";

/** By track, where its first sample lies on the meeting's axis, ms. A track that is not in it begins at 0. */
export type Offsets = ReadonlyMap<string, number>;

export const noOffsets: Offsets = new Map();

interface TrackOrigin {
  readonly track: string;
  /** ms since 1970; null where it is not known. */
  readonly origin_ms?: number | null | undefined;
}

export function offsetsOf(tracks: readonly TrackOrigin[]): Offsets {
  const known = tracks.flatMap(({ track, origin_ms }): [string, number][] =>
    origin_ms == null ? [] : [[track, origin_ms]],
  );
  const earliest = known.reduce((min, [, origin]) => Math.min(min, origin), Number.POSITIVE_INFINITY);
  return new Map(known.map(([track, origin]) => [track, origin - earliest]));
}

/** The turns on the meeting's axis, in order of time. @param turns as `timelineOf` gives them. */
export function placeTurns(turns: readonly Turn[], offsets: Offsets): Turn[] {
  return turns
    .map((turn) => {
      const offset = offsets.get(turn.track) ?? 0;
      return { ...turn, start_ms: turn.start_ms + offset, end_ms: turn.end_ms + offset };
    })
    .sort((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms || compareTexts(a.track, b.track));
}

/** An order of texts that is the same everywhere. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
