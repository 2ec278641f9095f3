/**
 * `result.json` from what the room keeps. Reads only, and reads nothing that moves once the session is
 * sealed: built again after a crash, it comes out the same to the byte (F1).
 */
import { chunkBytes } from "../../../schemas/wire/audio.ts";
import type { Sha256 } from "../../../schemas/chain.ts";
import type { ResultGap, SessionResult } from "../../../schemas/http/result.ts";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import { offsetsOf, placeTurns } from "../../../schemas/speech/axis.ts";
import { timelineOf } from "../../../schemas/speech/timeline.ts";
import { speakersOf, transcriptOf } from "../../../schemas/speech/transcript.ts";
import { chunkKeyPrefix } from "../archive/keys.ts";
import type { SessionName } from "../core/session-name.ts";
import { causesOf } from "../tracks/gap-causes.ts";
import { chainHead } from "./chain-head.ts";
import type { WavAssembler } from "./wav/wav-assembler.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { coverage } from "../tracks/coverage.ts";
import { durationMs, hasEnded, paddingSamples } from "../tracks/track-plan.ts";
import type { EventLog } from "../events/event-log.ts";
import type { SpeakerBook } from "../speakers/speaker-book.ts";
import { ingestStatus } from "../tracks/track-status.ts";

export interface ResultSources {
  readonly session: SessionName;
  readonly tracks: Tracks;
  readonly speakers: SpeakerBook;
  readonly events: EventLog;
  readonly wavs: Pick<WavAssembler, "assembled">;
  readonly sha256: Sha256;
}

/** @param sealedAt when the session stopped changing, ms since 1970. */
export function buildResult(
  sources: ResultSources,
  metadata: Record<string, unknown>,
  sealedAt: number,
): SessionResult {
  const { session, tracks, speakers, events, wavs } = sources;
  const trackRows = tracks.rows();
  const log = events.all();
  const offsets = offsetsOf(trackRows.map(({ track }) => ({ track, ...tracks.origins.of(track) })));
  const turns = timelineOf(log);
  const timeline = placeTurns(turns, offsets);
  return {
    schema_version: 2,
    tenant: session.tenant,
    session_id: session.sessionId,
    finalized_at: new Date(sealedAt).toISOString(),
    ...endReason(log),
    state: speakers.state(),
    events: log,
    ...ingestStatus(session.sessionId, tracks),
    metadata,
    timeline,
    speakers: speakersOf(timeline),
    transcript: transcriptOf(log, turns, offsets),
    gaps: trackRows.flatMap(({ track }) => gapsOf(tracks, track)),
    coverage: coverage(trackRows),
    audio: trackRows.map((trackRow) => ({
      track: trackRow.track,
      key_prefix: chunkKeyPrefix(session, trackRow.track),
      chunks: trackRow.received_chunks,
      bytes: trackRow.received_chunks * chunkBytes,
      duration_ms: durationMs(trackRow),
      ended: hasEnded(trackRow),
      ...tracks.origins.of(trackRow.track),
      offset_ms: offsets.get(trackRow.track) ?? 0,
      padding_samples: paddingSamples(trackRow),
      chain_head: chainHead(sources, trackRow.track),
      wav: wavs.assembled(trackRow.track),
    })),
  };
}

/** Sessions that an earlier version froze have none. */
function endReason(log: readonly RoomEvent[]): Pick<SessionResult, "end_reason"> {
  const reason = log.find(({ type }) => type === "session.finalizing")?.reason;
  return reason === undefined ? {} : { end_reason: reason };
}

/** A track's missing seconds, in order, each stretch with its cause. */
export function gapsOf(tracks: Tracks, track: string): ResultGap[] {
  const notes = tracks.gapNotes.of(track);
  return tracks
    .missing(track, Number.POSITIVE_INFINITY)
    .flatMap((range) => causesOf(range, notes).map((gap) => ({ track, ...gap })));
}
