/** Who has a track: the connection that said something of it last (W6). Opening a connection takes nothing. */
import type { RoomMessage } from "../../../schemas/wire/messages.ts";
import { placesLeft } from "../../shared/limits/shares.ts";
import { type Capture, type CaptureStreaming, streaming } from "./connections/peer.ts";
import { accept, type FrameOutcome, type IngestDeps, reject } from "./frame-outcome.ts";
import type { Refusal } from "./refusals.ts";

function tooManyTracks({ limits: { maxTracksPerSession } }: IngestDeps): Refusal {
  return { code: "forbidden", detail: `A session has at most ${maxTracksPerSession} tracks.` };
}

/** Who wants a track. */
type Taker = Pick<Capture, "subject" | "tracks">;

/**
 * Why a track can't be had that is not open yet. Tracks that a token names were promised to it by whoever made the token; one
 * that names none may open its share of them.
 */
export function newTrackRefusal(
  deps: IngestDeps,
  { subject, tracks: named }: Taker,
  track: string,
): Refusal | undefined {
  const { tracks, isOpen } = deps;
  if (tracks.row(track) || !isOpen()) return undefined;
  if (!tracks.hasRoomFor(track)) return tooManyTracks(deps);
  if (named !== null) return undefined;
  const { maxTracksPerSession: max } = deps.limits;
  const own = tracks.openers.count(subject);
  if (placesLeft({ subject, max, taken: tracks.rows().length, own }) > 0) return undefined;
  const detail = `You have opened ${own} tracks: the session's other ones are for others, or for a token that names them.`;
  return { code: "forbidden", detail };
}

/** A track was opened by a caller's frame. */
export function noteOpened({ tracks, events }: IngestDeps, { subject }: Taker, track: string): void {
  tracks.openers.note(track, subject);
  events.append({ type: "track.opened", track, by: "room" });
}

/** Opens a track while the session is open. @returns why not, where it is not to be had. */
function openTrack(deps: IngestDeps, taker: Taker, track: string): Refusal | undefined {
  const { tracks, isOpen } = deps;
  if (tracks.row(track) || !isOpen()) return undefined;
  const refusal = newTrackRefusal(deps, taker, track);
  if (refusal) return refusal;
  tracks.openTrack(track);
  noteOpened(deps, taker, track);
  return undefined;
}

/**
 * The connection takes its track: the one of its URL, else of `hello`, else `mixed` with the first chunk that is
 * kept. A refused frame takes nothing: it must not push another connection off.
 */
export function takeTrack(deps: IngestDeps, peer: Capture, track: string): CaptureStreaming | Refusal {
  if (peer.hasTaken) return peer;
  const refusal = openTrack(deps, peer, track);
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
