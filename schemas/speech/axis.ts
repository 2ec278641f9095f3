/**
 * One axis for all tracks of a meeting. Each track's times begin at its own first sample; its origin is the wall clock of that
 * sample, and 0 of the meeting is the earliest origin (E4). A track without one (of a session opened before Nov 2026) begins
 * at 0. Pure.
 */
/** By track, where its first sample lies on the meeting's axis, ms. A track that is not in it begins at 0. */
export type Offsets = ReadonlyMap<string, number>;

export const noOffsets: Offsets = new Map();

/** An order of texts that is the same everywhere. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
