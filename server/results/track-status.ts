/** A track's status message, from its ledger. */
import { chunkBytes } from "../../schemas/audio.ts";
import type { TrackStatus } from "../../schemas/messages.ts";
import { defaultTrack } from "../../schemas/names.ts";
import type { Journal } from "../journal/journal.ts";
import { missingChunks, openLedger } from "../journal/ledger.ts";

/** @param track a track that was never opened has the status of one that got nothing. */
export function trackStatus(sessionId: string, journal: Journal, track: string): TrackStatus {
  const known = journal.ledger(track);
  const ledger = known ?? openLedger(track, 0);
  return {
    session_id: sessionId,
    meeting_id: sessionId,
    track,
    last_seq: ledger.last_seq,
    contiguous_seq: known ? journal.watermarks.contiguousSeq(track) : 0,
    archived_seq: known ? journal.watermarks.archivedSeq(track) : 0,
    resolved_seq: known ? journal.watermarks.resolvedSeq(track) : 0,
    failed_windows: known ? journal.windows.failedCount(track) : 0,
    received_chunks: ledger.received_chunks,
    duplicate_chunks: ledger.duplicate_chunks,
    missing_chunks: missingChunks(ledger),
    rejected_chunks: ledger.rejected_chunks,
    bytes_stored: ledger.received_chunks * chunkBytes,
    missing: journal.missing(track),
    started_at: isoTime(ledger.started_at),
    updated_at: isoTime(ledger.updated_at),
  };
}

/** Every track's status by name, and the one that stands for the session: `mixed`, else the first opened. */
export function ingestStatus(
  sessionId: string,
  journal: Journal,
): { ingest: TrackStatus; ingest_by_track: Record<string, TrackStatus> } {
  const statuses = journal.ledgers().map(({ track }) => trackStatus(sessionId, journal, track));
  return {
    ingest:
      statuses.find(({ track }) => track === defaultTrack) ??
      statuses[0] ??
      trackStatus(sessionId, journal, defaultTrack),
    ingest_by_track: Object.fromEntries(statuses.map((status) => [status.track, status])),
  };
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
