/** When a session ends by itself, and when it goes: pure, from what the room keeps. Times are ms since 1970. */
import type { TrackRow } from "../tracks/track-plan.ts";

const dayMs = 86_400_000;

/** When something was last kept, said or changed. */
export function lastActivityAt(trackRows: readonly TrackRow[], updatedAt: number): number {
  return Math.max(updatedAt, ...trackRows.map(({ opened_at, updated_at }) => Math.max(opened_at, updated_at ?? 0)));
}

/** @returns undefined for never: switched off, or nothing was kept yet, so that a meeting may be opened long beforehand. */
export function autoFinalizeAt(trackRows: readonly TrackRow[], updatedAt: number, afterMs: number): number | undefined {
  const hasAudio = trackRows.some(({ received_chunks }) => received_chunks > 0);
  return afterMs === 0 || !hasAudio ? undefined : lastActivityAt(trackRows, updatedAt) + afterMs;
}

/** @param days null for never. @returns when everything of the session is deleted; undefined for never. */
export function retentionEndsAt(
  trackRows: readonly TrackRow[],
  updatedAt: number,
  finalizedAt: number | undefined,
  days: number | null,
): number | undefined {
  return days === null ? undefined : (finalizedAt ?? lastActivityAt(trackRows, updatedAt)) + days * dayMs;
}
