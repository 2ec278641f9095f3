/** A track's status message, from its row. */
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import type { TrackStatus } from "../../../schemas/wire/messages.ts";
import { defaultTrack } from "../../../schemas/names.ts";
import type { Tracks } from "./tracks.ts";
import { missingChunks, openTrackRow } from "./track-plan.ts";

/** @param track a track that was never opened has the status of one that got nothing. */
export function trackStatus(sessionId: string, tracks: Tracks, track: string): TrackStatus {
  const known = tracks.row(track);
  const trackRow = known ?? openTrackRow(track, 0);
  return {
    session_id: sessionId,
    meeting_id: sessionId,
    track,
    last_seq: trackRow.last_seq,
    contiguous_seq: known ? tracks.watermarks.contiguousSeq(track) : 0,
    archived_seq: known ? tracks.watermarks.archivedSeq(track) : 0,
    resolved_seq: known ? tracks.watermarks.resolvedSeq(track) : 0,
    failed_windows: known ? tracks.failedWindows(track) : 0,
    received_chunks: trackRow.received_chunks,
    duplicate_chunks: trackRow.duplicate_chunks,
    missing_chunks: missingChunks(trackRow),
    rejected_chunks: trackRow.rejected_chunks,
    bytes_stored: trackRow.received_chunks * chunkBytes,
    missing: tracks.missing(track),
    started_at: isoTime(trackRow.started_at),
    updated_at: isoTime(trackRow.updated_at),
    ...tracks.origins.of(track),
  };
}

/** Every track's status by name, and the one that stands for the session: `mixed`, else the first opened. */
export function ingestStatus(
  sessionId: string,
  tracks: Tracks,
): { ingest: TrackStatus; ingest_by_track: Record<string, TrackStatus> } {
  const statuses = tracks.rows().map(({ track }) => trackStatus(sessionId, tracks, track));
  return {
    ingest:
      statuses.find(({ track }) => track === defaultTrack) ??
      statuses[0] ??
      trackStatus(sessionId, tracks, defaultTrack),
    ingest_by_track: Object.fromEntries(statuses.map((status) => [status.track, status])),
  };
}

function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
