/** When a session ends by itself, and when it goes: pure, from what the room keeps. Times are ms since 1970. */
import type { TrackLedger } from "../journal/ledger.ts";

const dayMs = 86_400_000;

/** When something was last kept, said or changed. */
export function lastActivityAt(ledgers: readonly TrackLedger[], updatedAt: number): number {
  return Math.max(updatedAt, ...ledgers.map(({ opened_at, updated_at }) => Math.max(opened_at, updated_at ?? 0)));
}

/** @returns undefined for never: switched off, or nothing was kept yet, so that a meeting may be opened long beforehand. */
export function autoFinalizeAt(
  ledgers: readonly TrackLedger[],
  updatedAt: number,
  afterMs: number,
): number | undefined {
  const hasAudio = ledgers.some(({ received_chunks }) => received_chunks > 0);
  return afterMs === 0 || !hasAudio ? undefined : lastActivityAt(ledgers, updatedAt) + afterMs;
}

/** @param days null for never. @returns when everything of the session is deleted; undefined for never. */
export function retentionEndsAt(
  ledgers: readonly TrackLedger[],
  updatedAt: number,
  finalizedAt: number | undefined,
  days: number | null,
): number | undefined {
  return days === null ? undefined : (finalizedAt ?? lastActivityAt(ledgers, updatedAt)) + days * dayMs;
}
