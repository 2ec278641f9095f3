import { expectedSeq, type TrackRow } from "./track-plan.ts";

/** Kept seconds over expected ones, all tracks together; 0 where nothing was expected. */
export function coverage(trackRows: readonly TrackRow[]): number {
  const expected = trackRows.reduce((sum, trackRow) => sum + expectedSeq(trackRow), 0);
  const kept = trackRows.reduce((sum, trackRow) => sum + trackRow.received_chunks, 0);
  return expected === 0 ? 0 : kept / expected;
}
