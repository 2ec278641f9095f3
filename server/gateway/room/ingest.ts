/**
 * One frame of one connection: decode, admit, keep, and say what to answer. Touches the journal and nothing
 * else: sockets, alarms and R2 are the caller's. Synchronous from the first byte to the reply, so that no
 * other frame can come between a look-up and its write.
 */
import { decodeFrame } from "../../../schemas/wire/codec.ts";
import { closeCodeOf, normalCloseCode, wireErrors } from "../../../schemas/wire/errors.ts";
import { type DeploymentLimits, limits } from "../../../schemas/limits.ts";
import type { ChunkMessage, ClientMessage, GapMessage, RoomMessage, Topic } from "../../../schemas/wire/messages.ts";
import { protocolVersion } from "../../../schemas/wire/messages.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { defaultTrack } from "../../../schemas/names.ts";
import { chunkKey } from "../archive/keys.ts";
import type { SessionName } from "../core/session-name.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { expectedSeq, isOutOfRange, missingChunks, openTrackRow, type TrackRow } from "../tracks/track-plan.ts";
import { trackStatus } from "../tracks/track-status.ts";
import type { EventLog } from "../events/event-log.ts";
import { newFeed } from "./connections/feed.ts";
import { hasExpired, type Peer } from "./connections/peer.ts";
import {
  errorMessage,
  keepRefusals,
  laterDetails,
  type Refusal,
  tokenExpired,
  trackForbidden,
  watchOnly,
} from "./refusals.ts";

export interface IngestDeps {
  readonly session: SessionName;
  readonly tracks: Tracks;
  readonly events: EventLog;
  /** False once finalize began. */
  readonly isOpen: () => boolean;
  /** Of the installation. */
  readonly limits: DeploymentLimits;
  readonly now: () => number;
}

/** What the shell does after a frame, in this order: replies, then the close. */
export interface FrameOutcome {
  readonly peer: Peer;
  readonly replies: readonly RoomMessage[];
  readonly close?: { readonly code: number; readonly reason: string };
  /** The track of which a chunk was stored, for R2 and speaker resolve to take up. */
  readonly stored?: string;
  /** Whether it was a chunk that is kept, now or before: paced by its track. */
  readonly acked?: boolean;
  /** Whether the track's end was told, so that its last window need not be full. */
  readonly ended?: boolean;
}

/** Handles one frame as it came from the socket. The first one after the credential's end is the last one. */
export function handleFrame(deps: IngestDeps, peer: Peer, frame: string | ArrayBuffer | ArrayBufferView): FrameOutcome {
  const outcome = answerFrame(deps, peer, frame);
  if (outcome.close || !hasExpired(peer, deps.now())) return outcome;
  const { code } = tokenExpired;
  const close = { code: wireErrors[code].closeCode, reason: code };
  return { ...outcome, replies: [...outcome.replies, errorMessage(tokenExpired)], close };
}

function answerFrame(deps: IngestDeps, peer: Peer, frame: string | ArrayBuffer | ArrayBufferView): FrameOutcome {
  const decoded = decodeFrame(frame);
  if (!decoded.ok) return reject(deps, peer, decoded.error);
  const message = decoded.value;
  if (peer.role === "watch" && message.type !== "ping" && message.type !== "close")
    return reject(deps, peer, watchOnly);
  const refusal = refusalOf(deps, peer, message);
  if (refusal) return reject(deps, peer, refusal);
  const track =
    peer.track ?? (message.type === "hello" ? (message.track ?? message.stream_role) : undefined) ?? defaultTrack;
  const { tracks } = peer;
  if (tracks && !tracks.includes(track) && message.type !== "ping" && message.type !== "close")
    return reject(deps, peer, trackForbidden(tracks));
  switch (message.type) {
    case "chunk":
      return keepChunk(deps, peer, track, message);
    case "hello":
      return subscribe(
        deps,
        message.subscribe,
        answer(deps, peer, takeTrack(deps, peer, track), () => [ready(deps, track)]),
      );
    case "status":
      return accept(peer, [{ type: "status", ...trackStatus(deps.session.sessionId, deps.tracks, track) }]);
    case "ping":
      return accept(peer, [{ type: "pong", ts: deps.now() }]);
    case "end":
      return endTrack(deps, peer, track, message.last_seq, message.padding_samples ?? 0);
    case "gap":
      return declareGap(deps, peer, track, message);
    case "close": {
      const closing: RoomMessage = { type: "closing", reason: message.reason ?? "client_close" };
      return { ...accept(peer, [closing]), close: { code: normalCloseCode, reason: "closed by client" } };
    }
  }
}

/** An accepted `hello` that asks for events gets those from now on. */
function subscribe({ events }: IngestDeps, topics: readonly Topic[] | undefined, outcome: FrameOutcome): FrameOutcome {
  if (!topics || outcome.peer.track === null) return outcome;
  const feed = topics.length === 0 ? null : newFeed(topics, events.count);
  return { ...outcome, peer: { ...outcome.peer, feed } };
}

/** What the schema can't see: whether a well-formed message belongs to this session and this connection. */
function refusalOf({ session }: IngestDeps, peer: Peer, message: ClientMessage): Refusal | undefined {
  if ("meeting_id" in message && message.meeting_id !== undefined && message.meeting_id !== session.sessionId) {
    const detail = "meeting_id must be the session id this connection was opened for.";
    return { code: "meeting_mismatch", detail, ...("seq" in message ? { seq: message.seq } : {}) };
  }
  if (message.type !== "hello") return undefined;
  const { track, stream_role: role } = message;
  if (track !== undefined && role !== undefined && track !== role) {
    return { code: "bad_frame", detail: "track and stream_role are two names of one field and must agree." };
  }
  const named = track ?? role;
  if (peer.track !== null && named !== undefined && named !== peer.track) {
    const detail = `This connection streams track "${peer.track}"; open another one for "${named}".`;
    return { code: "bad_frame", detail };
  }
  return undefined;
}

function tooManyTracks({ limits: { maxTracksPerSession } }: IngestDeps): Refusal {
  return { code: "forbidden", detail: `A session has at most ${maxTracksPerSession} tracks.` };
}

/** Opens a track while the session is open. @returns why not, where the session has too many. */
export function openTrack(deps: IngestDeps, track: string): Refusal | undefined {
  const { tracks, events, isOpen } = deps;
  if (tracks.row(track) || !isOpen()) return undefined;
  if (!tracks.hasRoomFor(track)) return tooManyTracks(deps);
  tracks.openTrack(track);
  events.append({ type: "track.opened", track, by: "room" });
  return undefined;
}

/**
 * The connection takes its track: the one of its URL, else of `hello`, else `mixed` with the first chunk that is
 * kept. Opening a connection takes nothing, and neither does a refused frame: it must not push another one off.
 */
function takeTrack(deps: IngestDeps, peer: Peer, track: string): Peer | Refusal {
  if (peer.hasTaken) return peer;
  const refusal = openTrack(deps, track);
  if (refusal) return refusal;
  if (deps.isOpen()) deps.tracks.countRejected(track, peer.uncountedBadFrames);
  return { ...peer, track, hasTaken: true, uncountedBadFrames: 0 };
}

function keepChunk(deps: IngestDeps, peer: Peer, track: string, chunk: ChunkMessage): FrameOutcome {
  const { tracks, session, isOpen } = deps;
  if (isOpen() && !tracks.hasRoomFor(track)) return reject(deps, peer, { ...tooManyTracks(deps), seq: chunk.seq });
  const isNew = !tracks.row(track);
  const kept = tracks.keep(track, chunk, isOpen());
  if (kept.kind === "refused") {
    if (kept.code !== "rate_limited") return reject(deps, peer, { ...keepRefusals[kept.code], seq: chunk.seq });
    const { retryAfterMs } = kept;
    const detail = laterDetails[kept.limit];
    return reject(deps, peer, { code: kept.code, detail, retryAfterMs, seq: chunk.seq });
  }
  if (isNew) deps.events.append({ type: "track.opened", track, by: "room" });
  const ack: RoomMessage = {
    type: "ack",
    seq: chunk.seq,
    status: kept.kind,
    key: chunkKey(session, track, chunk.seq),
    sha256: kept.sha256,
    last_seq: kept.trackRow.last_seq,
    contiguous_seq: tracks.watermarks.contiguousSeq(track),
    missing_count: missingChunks(kept.trackRow),
    duplicate_count: kept.trackRow.duplicate_chunks,
  };
  return {
    ...answer(deps, peer, takeTrack(deps, peer, track), () => [ack]),
    ...(kept.kind === "stored" ? { stored: track } : {}),
    acked: true,
  };
}

function endTrack(deps: IngestDeps, peer: Peer, track: string, lastSeq: number, padding: number): FrameOutcome {
  const { tracks, events, isOpen } = deps;
  const refusal = isOpen() ? endRefusalOf(tracks.row(track) ?? openTrackRow(track, deps.now()), lastSeq) : undefined;
  if (refusal) return reject(deps, peer, refusal);
  const settled = takeTrack(deps, peer, track);
  if ("code" in settled) return reject(deps, peer, settled);
  if (isOpen() && tracks.end(track, lastSeq, padding)) {
    events.append({ type: "track.ended", track, to_seq: lastSeq, padding_samples: padding, by: "room" });
  }
  const trackRow = tracks.row(track);
  const missing = tracks.missing(track);
  const complete = missing.length === 0 && trackRow !== undefined && expectedSeq(trackRow) === lastSeq;
  return { ...accept(settled, [{ type: "ended", last_seq: lastSeq, complete, missing }]), ended: true };
}

/** The client says that it will never send some seconds, and why. What is kept of them stays kept. */
function declareGap(
  deps: IngestDeps,
  peer: Peer,
  track: string,
  { from_seq, to_seq, cause }: GapMessage,
): FrameOutcome {
  const { session, tracks, isOpen } = deps;
  const trackRow = tracks.row(track) ?? openTrackRow(track, deps.now());
  if (isOpen() && isOutOfRange(trackRow, to_seq)) return reject(deps, peer, keepRefusals.seq_out_of_range);
  const taken = takeTrack(deps, peer, track);
  if ("code" in taken) return reject(deps, peer, taken);
  if (isOpen()) tracks.gapNotes.add(track, { from_seq, to_seq, cause });
  return accept(taken, [{ type: "status", ...trackStatus(session.sessionId, tracks, track) }]);
}

function endRefusalOf(trackRow: TrackRow, lastSeq: number): Refusal | undefined {
  if (lastSeq < trackRow.last_seq) return { code: "bad_frame", detail: "last_seq: the track has chunks beyond it." };
  return isOutOfRange(trackRow, lastSeq) ? keepRefusals.seq_out_of_range : undefined;
}

function ready({ session, tracks, limits: installed }: IngestDeps, track: string): RoomMessage {
  const status = trackStatus(session.sessionId, tracks, track);
  return {
    type: "ready",
    protocol: protocolVersion,
    session_id: session.sessionId,
    target_sample_rate: sampleRateHz,
    target_channels: channelCount,
    target_format: pcmFormat,
    ingest: status,
    resume: { next_seq: status.last_seq + 1, missing: status.missing },
    limits: { max_in_flight: limits.maxInFlightFrames, max_realtime_factor: installed.maxRealtimeFactor },
  };
}

/** The replies to a frame with which the connection took its track, or the refusal if it could not. */
function answer(deps: IngestDeps, peer: Peer, settled: Peer | Refusal, replies: () => RoomMessage[]): FrameOutcome {
  return "code" in settled ? reject(deps, peer, settled) : accept(settled, replies());
}

function accept(peer: Peer, replies: readonly RoomMessage[]): FrameOutcome {
  return { peer: peer.badFramesInRow === 0 ? peer : { ...peer, badFramesInRow: 0 }, replies };
}

/** Refuses a frame: counted, answered, and nothing else (K5). Too many in a row end the connection. */
function reject(deps: IngestDeps, peer: Peer, refusal: Refusal): FrameOutcome {
  const replies = [errorMessage(refusal)];
  const code = closeCodeOf(refusal.code);
  // "Later" is no fault of the frame.
  if (wireErrors[refusal.code].retryable) return later(deps, peer, refusal, replies);
  const next = countBadFrame(deps, peer);
  if (refusal.seq !== undefined) noteRejected(deps, peer, refusal.seq);
  if (code !== undefined) return { peer: next, replies, close: { code, reason: refusal.code } };
  if (next.badFramesInRow < limits.maxConsecutiveBadFrames) return { peer: next, replies };
  return tooManyErrors(next, replies, `${next.badFramesInRow} bad frames came in a row.`);
}

/** Told to wait, an honest client does, once what it has in flight is through; one that does not is ended. */
function later(
  { now }: IngestDeps,
  peer: Peer,
  { retryAfterMs = 0 }: Refusal,
  replies: readonly RoomMessage[],
): FrameOutcome {
  if (now() >= peer.waitUntil) {
    return { peer: { ...peer, waitUntil: now() + retryAfterMs, heedlessFrames: 0 }, replies };
  }
  const heedlessFrames = peer.heedlessFrames + 1;
  const next = { ...peer, heedlessFrames };
  if (heedlessFrames < limits.maxHeedlessFrames) return { peer: next, replies };
  return tooManyErrors(next, replies, `${heedlessFrames} frames came although the connection was told to wait.`);
}

/** An end for a connection that talks and brings nothing; the frame is answered all the same. */
export function floodEnded(outcome: FrameOutcome): FrameOutcome {
  if (outcome.close) return outcome;
  return tooManyErrors(outcome.peer, outcome.replies, "Too many frames came that brought no audio.");
}

function tooManyErrors(peer: Peer, replies: readonly RoomMessage[], detail: string): FrameOutcome {
  const code = "too_many_errors";
  const close = { code: wireErrors[code].closeCode, reason: code };
  return { peer, replies: [...replies, errorMessage({ code, detail: `${detail} The connection is closed.` })], close };
}

/** That this second came and was refused: what a gap there will be put down to, unless it comes well later. */
function noteRejected({ tracks, isOpen }: IngestDeps, { track }: Peer, seq: number): void {
  if (track === null || !isOpen() || seq < 1 || seq > limits.maxSeq) return;
  tracks.gapNotes.add(track, { from_seq: seq, to_seq: seq, cause: "rejected" });
}

function countBadFrame({ tracks, isOpen }: IngestDeps, peer: Peer): Peer {
  const badFramesInRow = peer.badFramesInRow + 1;
  if (peer.track === null) return { ...peer, badFramesInRow, uncountedBadFrames: peer.uncountedBadFrames + 1 };
  if (isOpen()) tracks.countRejected(peer.track, 1);
  return { ...peer, badFramesInRow };
}
