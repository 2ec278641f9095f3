/**
 * Where a session's objects lie in R2. Names are checked before they get here and none of them can hold a
 * slash, so two sessions never share a key (T1). `mixed` has the short path of one-track meetings.
 */
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { defaultTenant, defaultTrack } from "../../../schemas/names.ts";
import type { SessionName } from "../core/session-name.ts";
import type { PendingChunk } from "../tracks/unarchived.ts";
import { encodePeaks } from "./peaks.ts";

/** Everything of a session lies under it. It ends with a slash: one id may begin with another. */
export function sessionPrefix({ tenant, sessionId }: SessionName): string {
  const root = tenant === defaultTenant ? "" : `tenants/${tenant}/`;
  return `${root}sessions/${sessionId}/`;
}

export function chunkKeyPrefix(session: SessionName, track: string): string {
  const folder = track === defaultTrack ? "" : `tracks/${track}/`;
  return `${sessionPrefix(session)}${folder}chunks/`;
}

/** Padded to eight digits: R2 lists keys in byte order, which then is the order of seq. */
export function chunkKey(session: SessionName, track: string, seq: number): string {
  return `${chunkKeyPrefix(session, track)}${String(seq).padStart(8, "0")}.pcm`;
}

/** The other way round; undefined for a key that is no chunk's of this track. */
export function seqOfChunkKey(session: SessionName, track: string, key: string): number | undefined {
  const prefix = chunkKeyPrefix(session, track);
  const [, digits] = (key.startsWith(prefix) && /^(\d{8})\.pcm$/.exec(key.slice(prefix.length))) || [];
  return digits === undefined ? undefined : Number(digits);
}

export function resultKey(session: SessionName): string {
  return `${sessionPrefix(session)}result.json`;
}

/** One version of the result, for good; `resultKey` is the newest. */
export function versionKey(session: SessionName, version: number): string {
  return `${sessionPrefix(session)}results/${version}.json`;
}

/** The whole track as one file, which finalize puts together. */
export function wavKey(session: SessionName, track: string): string {
  return `${sessionPrefix(session)}audio/${track}.wav`;
}

/** R2 custom metadata of a chunk: what its key does not say. */
export function chunkMetadata(session: SessionName, chunk: PendingChunk): Record<string, string> {
  return {
    session_id: session.sessionId,
    meeting_id: session.sessionId,
    track: chunk.track,
    seq: String(chunk.seq),
    timestamp_ms: String(chunk.timestamp_ms),
    sample_rate: String(sampleRateHz),
    channels: String(channelCount),
    format: pcmFormat,
    peaks: encodePeaks(chunk.pcm),
  };
}
