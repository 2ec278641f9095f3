/** Who has a track: the connection that said something of it last (W6). Opening a connection takes nothing. */
import type { RoomMessage } from "../../../schemas/wire/messages.ts";
import { type Capture, type CaptureStreaming, streaming } from "./connections/peer.ts";
import { accept, type FrameOutcome, type IngestDeps, reject } from "./frame-outcome.ts";
import type { Refusal } from "./refusals.ts";

export function tooManyTracks({ limits: { maxTracksPerSession } }: IngestDeps): Refusal {
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
 * kept. A refused frame takes nothing: it must not push another connection off.
 */
export function takeTrack(deps: IngestDeps, peer: Capture, track: string): CaptureStreaming | Refusal {
  if (peer.hasTaken) return peer;
  const refusal = openTrack(deps, track);
  if (refusal) return refusal;
  if (deps.isOpen()) deps.tracks.countRejected(track, peer.uncountedBadFrames);
  return streaming(peer, track);
}

/** Answers a frame with which the connection takes its track, or refuses it where the track is not to be had. */
export function answerTaking(
  deps: IngestDeps,
  peer: Capture,
  track: string,
  replies: () => readonly RoomMessage[],
): FrameOutcome {
  const taken = takeTrack(deps, peer, track);
  return "code" in taken ? reject(deps, peer, taken) : accept(taken, replies());
}
