/**
 * What comes of a frame, for the shell to carry out: replies, then the close. A refused frame is counted, answered, and nothing
 * else (K5); too many in a row, or frames in spite of being told to wait, end the connection (W9).
 */
import { closeCodeOf, wireErrors } from "../../../schemas/wire/errors.ts";
import { type DeploymentLimits, limits } from "../../../schemas/limits.ts";
import type { RoomMessage } from "../../../schemas/wire/messages.ts";
import type { SessionName } from "../core/session-name.ts";
import type { EventLog } from "../events/event-log.ts";
import type { LiveAudio } from "../live/part.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { type Peer, trackOf } from "./connections/peer.ts";
import { errorMessage, type Refusal } from "./refusals.ts";

export interface IngestDeps {
  /** Whether somebody else than this connection listens to live audio. */
  readonly isHeard: (peer: Peer) => boolean;
  readonly session: SessionName;
  readonly tracks: Tracks;
  readonly events: EventLog;
  /** False once finalize began. */
  readonly isOpen: () => boolean;
  /** Limits that the deployment sets; the fixed ones are `limits` of the schemas. */
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
  /** Whether it was a chunk that is kept, now or before: its track's pace has counted it. */
  readonly acked?: boolean;
  /** Live audio, for those who listen. */
  readonly live?: LiveAudio;
  /** The mark up to which its client has read. */
  readonly seen?: string;
  /** Whether the track's end was announced, so that its last window need not be full. */
  readonly ended?: boolean;
}

export function accept(peer: Peer, replies: readonly RoomMessage[]): FrameOutcome {
  return { peer: peer.badFramesInRow === 0 ? peer : { ...peer, badFramesInRow: 0 }, replies };
}

export function reject(deps: IngestDeps, peer: Peer, refusal: Refusal): FrameOutcome {
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

/** An end for a connection that talks and brings nothing; the frame is answered all the same. */
export function floodEnded(outcome: FrameOutcome): FrameOutcome {
  if (outcome.close) return outcome;
  return tooManyErrors(outcome.peer, outcome.replies, "Too many frames came that brought no audio.");
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

function tooManyErrors(peer: Peer, replies: readonly RoomMessage[], detail: string): FrameOutcome {
  const code = "too_many_errors";
  const close = { code: wireErrors[code].closeCode, reason: code };
  return { peer, replies: [...replies, errorMessage({ code, detail: `${detail} The connection is closed.` })], close };
}

/** Notes that this second came and was refused: a gap there is put down to that, unless the second is kept later. */
function noteRejected({ tracks, isOpen }: IngestDeps, peer: Peer, seq: number): void {
  const track = trackOf(peer);
  if (track === null || !tracks.row(track) || !isOpen() || seq < 1 || seq > limits.maxSeq) return;
  tracks.gapNotes.add(track, { from_seq: seq, to_seq: seq, cause: "rejected" });
}

function countBadFrame({ tracks, isOpen }: IngestDeps, peer: Peer): Peer {
  const badFramesInRow = peer.badFramesInRow + 1;
  const track = trackOf(peer);
  // A track that is not open yet has no counts: they wait in the connection until it takes it.
  if (track !== null && tracks.row(track)) {
    if (isOpen()) tracks.countRejected(track, 1);
  } else if (peer.role === "capture" && !peer.hasTaken) {
    return { ...peer, badFramesInRow, uncountedBadFrames: peer.uncountedBadFrames + 1 };
  }
  return { ...peer, badFramesInRow };
}
