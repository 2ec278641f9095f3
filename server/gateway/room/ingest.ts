/**
 * One frame of one connection: decode, admit, keep, and say what to answer. Touches the tracks and the event log and nothing
 * else: sockets, alarms and R2 are the caller's. Synchronous from the first byte to the reply, so that no
 * other frame can come between a look-up and its write (K1).
 */
import { decodeFrame } from "../../../schemas/wire/codec.ts";
import { closeCodeOf, normalCloseCode } from "../../../schemas/wire/errors.ts";
import { limits } from "../../../schemas/limits.ts";
import type { ChunkMessage, ClientMessage, GapMessage, RoomMessage, Topic } from "../../../schemas/wire/messages.ts";
import { protocolVersion } from "../../../schemas/wire/messages.ts";
import { timestampDoubt } from "../../../schemas/wire/timestamp-doubt.ts";
import { channelCount, pcmFormat, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { defaultTrack } from "../../../schemas/names.ts";
import { chunkKey } from "../archive/keys.ts";
import { expectedSeq, isOutOfRange, missingChunks, openTrackRow, type TrackRow } from "../tracks/track-plan.ts";
import { mayEnd } from "../tracks/track-ends.ts";
import { trackStatus } from "../tracks/track-status.ts";
import { newFeed } from "./connections/feed.ts";
import { type Capture, hasExpired, isStreaming, type Peer, trackOf } from "./connections/peer.ts";
import { accept, type FrameOutcome, type IngestDeps, reject } from "./frame-outcome.ts";
import {
  credentialExpired,
  endedTooOften,
  errorMessage,
  keepRefusals,
  laterDetails,
  liveBeforeHello,
  mayNotListen,
  type Refusal,
  streamOnly,
  trackForbidden,
  watchOnly,
} from "./refusals.ts";
import { answerTaking, newTrackRefusal, noteOpened, takeTrack } from "./take-track.ts";

type Frame = string | ArrayBuffer | ArrayBufferView;
/** Messages that any connection may send. */
type CommonMessage = Extract<ClientMessage, { type: "ping" | "seen" | "close" }>;

/** Handles one frame as it came from the socket. The first one after the credential's end is the last one. */
export function handleFrame(deps: IngestDeps, peer: Peer, frame: Frame): FrameOutcome {
  const outcome = answerFrame(deps, peer, frame);
  if (outcome.close || !hasExpired(peer, deps.now())) return outcome;
  const refusal = credentialExpired(peer.subject);
  const close = { code: closeCodeOf(refusal.code) ?? normalCloseCode, reason: refusal.code };
  return { ...outcome, replies: [...outcome.replies, errorMessage(refusal)], close };
}

function answerFrame(deps: IngestDeps, peer: Peer, frame: Frame): FrameOutcome {
  const decoded = decodeFrame(frame, peer.encoding);
  if (!decoded.ok) return reject(deps, peer, decoded.error);
  const message = decoded.value;
  if (isCommon(message)) return answerCommon(deps, peer, message);
  if (peer.role === "watch") return reject(deps, peer, watchOnly);
  const refusal = refusalOf(deps, peer, message);
  if (refusal) return reject(deps, peer, refusal);
  return answerCapture(deps, peer, message);
}

/** They name neither a session nor a track: there is nothing to refuse. */
function isCommon(message: ClientMessage): message is CommonMessage {
  return message.type === "ping" || message.type === "seen" || message.type === "close";
}

function answerCommon({ now }: IngestDeps, peer: Peer, message: CommonMessage): FrameOutcome {
  if (message.type === "ping") return accept(peer, [{ type: "pong", ts: now() }]);
  if (message.type === "seen") return { peer, replies: [], seen: message.mark };
  const closing: RoomMessage = { type: "closing", reason: message.reason ?? "client_close" };
  return { ...accept(peer, [closing]), close: { code: normalCloseCode, reason: "closed by client" } };
}

function answerCapture(deps: IngestDeps, peer: Capture, message: Exclude<ClientMessage, CommonMessage>): FrameOutcome {
  const named = namedTrack(message);
  const track = peer.track ?? named ?? defaultTrack;
  if (peer.tracks && !peer.tracks.includes(track)) return reject(deps, peer, trackForbidden(peer.tracks));
  if (!peer.reads && message.type === "hello" && message.subscribe?.length) return reject(deps, peer, streamOnly);
  switch (message.type) {
    case "chunk":
      return keepChunk(deps, peer, track, message);
    case "hello": {
      if (message.subscribe?.includes("live") && !peer.mayListen) return reject(deps, peer, mayNotListen);
      const heard = deps.isHeard(peer);
      const outcome = answerTaking(deps, peer, track, () => [ready(deps, track, heard)]);
      return subscribe(deps, message.subscribe, heard, outcome);
    }
    case "live":
      if (!peer.hasTaken) return reject(deps, peer, liveBeforeHello);
      return { ...accept(peer, []), live: { ...message, track } };
    case "status":
      return accept(peer, [{ type: "status", ...trackStatus(deps.session.sessionId, deps.tracks, track) }]);
    case "end":
      return endTrack(deps, peer, track, message.last_seq, message.padding_samples ?? 0);
    case "gap":
      return declareGap(deps, peer, track, message);
  }
}

/** An accepted `hello` that asks for events gets those from now on. */
function subscribe(
  { events }: IngestDeps,
  topics: readonly Topic[] | undefined,
  heard: boolean,
  outcome: FrameOutcome,
): FrameOutcome {
  const { peer } = outcome;
  if (!isStreaming(peer)) return outcome;
  const greeted = { ...peer, heard };
  if (!topics) return { ...outcome, peer: greeted };
  const wanted = topics.filter((topic) => topic !== "live");
  const feed = wanted.length === 0 ? null : newFeed(wanted, events.count);
  return { ...outcome, peer: { ...greeted, feed, listens: topics.includes("live") } };
}

function namedTrack(message: ClientMessage): string | undefined {
  if (message.type === "live") return message.track;
  return message.type === "hello" ? (message.track ?? message.stream_role) : undefined;
}

/** What the schema can't see: whether a well-formed message belongs to this session and this connection. */
function refusalOf({ session }: IngestDeps, peer: Peer, message: ClientMessage): Refusal | undefined {
  if ("meeting_id" in message && message.meeting_id !== undefined && message.meeting_id !== session.sessionId) {
    const detail = "meeting_id must be the session id this connection was opened for.";
    return { code: "meeting_mismatch", detail, ...("seq" in message ? { seq: message.seq } : {}) };
  }
  if (message.type !== "hello" && message.type !== "live") return undefined;
  const track = message.track;
  const role = message.type === "hello" ? message.stream_role : undefined;
  if (track !== undefined && role !== undefined && track !== role) {
    return { code: "bad_frame", detail: "track and stream_role are two names of one field and must agree." };
  }
  const named = track ?? role;
  const own = trackOf(peer);
  if (own !== null && named !== undefined && named !== own) {
    const detail = `This connection streams track "${own}"; open another one for "${named}".`;
    return { code: "bad_frame", detail };
  }
  return undefined;
}

function keepChunk(deps: IngestDeps, peer: Capture, track: string, chunk: ChunkMessage): FrameOutcome {
  const { tracks, session, isOpen } = deps;
  const refusal = newTrackRefusal(deps, peer, track);
  if (refusal) return reject(deps, peer, { ...refusal, seq: chunk.seq });
  const kept = tracks.keep(track, chunk, isOpen());
  if (kept.kind === "refused") {
    if (kept.code !== "rate_limited") return reject(deps, peer, { ...keepRefusals[kept.code], seq: chunk.seq });
    const { retryAfterMs } = kept;
    const detail = laterDetails[kept.limit];
    return reject(deps, peer, { code: kept.code, detail, retryAfterMs, seq: chunk.seq });
  }
  if (kept.isNew) noteOpened(deps, peer, track);
  const doubt = timestampDoubt(chunk.timestamp_ms, deps.now(), limits.maxOriginSkewMs);
  const ack: RoomMessage = {
    type: "ack",
    seq: chunk.seq,
    status: kept.kind,
    key: chunkKey(session, track, chunk.seq),
    sha256: kept.sha256,
    last_seq: kept.trackRow.last_seq,
    contiguous_seq: kept.contiguousSeq,
    missing_count: missingChunks(kept.trackRow),
    duplicate_count: kept.trackRow.duplicate_chunks,
    ...(doubt === undefined ? {} : { warning: { code: "doubtful_timestamp", detail: doubt } }),
  };
  return {
    ...answerTaking(deps, peer, track, () => [ack]),
    ...(kept.kind === "stored" ? { stored: track } : {}),
    acked: true,
  };
}

function endTrack(deps: IngestDeps, peer: Capture, track: string, lastSeq: number, padding: number): FrameOutcome {
  const { tracks, events, isOpen } = deps;
  const refusal = isOpen() ? endRefusalOf(tracks.row(track) ?? openTrackRow(track, deps.now()), lastSeq) : undefined;
  if (refusal) return reject(deps, peer, refusal);
  if (isOpen() && !mayEnd(events, tracks.row(track), lastSeq, padding)) return reject(deps, peer, endedTooOften);
  const taken = takeTrack(deps, peer, track);
  if ("code" in taken) return reject(deps, peer, taken);
  if (isOpen() && tracks.end(track, lastSeq, padding)) {
    events.append({ type: "track.ended", track, to_seq: lastSeq, padding_samples: padding, by: "room" });
  }
  const trackRow = tracks.row(track);
  const missing = tracks.missing(track);
  const complete = missing.length === 0 && trackRow !== undefined && expectedSeq(trackRow) === lastSeq;
  return { ...accept(taken, [{ type: "ended", last_seq: lastSeq, complete, missing }]), ended: true };
}

/** The client says that it will never send some seconds, and why. What is kept of them stays kept. */
function declareGap(
  deps: IngestDeps,
  peer: Capture,
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

function ready({ session, tracks, limits: deployment }: IngestDeps, track: string, live: boolean): RoomMessage {
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
    limits: { max_in_flight: limits.maxInFlightFrames, max_realtime_factor: deployment.maxRealtimeFactor },
    live,
  };
}
