/** What a track lacks though nobody said why: a machine that is too busy to record says so, second by second, and that loses nothing (C1). */
import type { SessionState } from "../../schemas/http/sessions.ts";

/** @returns seconds that are missing and not told as a stall of the one who streams; undefined for a track that was never opened. */
export function lostSeconds({ ingest_by_track: tracks, gaps = [] }: SessionState, track: string): number | undefined {
  const missing = tracks[track]?.missing_chunks;
  if (missing === undefined) return undefined;
  const told = gaps.filter((gap) => gap.track === track && gap.cause === "capture_stall");
  return missing - told.reduce((sum, { from_seq, to_seq }) => sum + to_seq - from_seq + 1, 0);
}
