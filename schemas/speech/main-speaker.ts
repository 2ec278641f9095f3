/**
 * Who speaks most in a stretch of one track (E3). Turns may overlap; those of one speaker do not. Made once for a track's turns,
 * and asked for each utterance: what an answer costs grows with the number of speakers, and neither with the turns nor with the
 * length of the stretch.
 */
import { firstIndex } from "../lib/bisect.ts";
import type { Steps } from "../lib/steps.ts";
import type { Turn } from "../http/result.ts";
import { compareTexts } from "./axis.ts";

/** One speaker's turns in order, and how long all before each are together. */
interface Own {
  readonly turns: Turn[];
  readonly spokenBefore: number[];
}

/** How well a speaker fits a stretch. */
interface Claim {
  readonly turn: Turn;
  readonly ms: number;
  /** Length of the turns that reach into the stretch. */
  readonly turnsMs: number;
}

export interface TrackSpeakers {
  readonly bySpeaker: ReadonlyMap<string, Own>;
}

export function* speakersByTrack(turns: readonly Turn[]): Steps<Map<string, TrackSpeakers>> {
  const tracks = new Map<string, { bySpeaker: Map<string, Own> }>();
  for (const turn of turns) {
    const track = tracks.get(turn.track) ?? { bySpeaker: new Map<string, Own>() };
    tracks.set(turn.track, track);
    const own = track.bySpeaker.get(turn.cluster_id) ?? { turns: [], spokenBefore: [0] };
    track.bySpeaker.set(turn.cluster_id, own);
    own.turns.push(turn);
    own.spokenBefore.push((own.spokenBefore.at(-1) ?? 0) + lengthOf(turn));
    yield;
  }
  return tracks;
}

/**
 * A turn of the speaker who speaks most in a stretch. Where several speak as much, the one whose turns there are the shortest,
 * so that an interjection is its own speaker's and not of whoever goes on meanwhile; then the one who began first.
 */
export function* mainTurn({ bySpeaker }: TrackSpeakers, fromMs: number, toMs: number): Steps<Turn | undefined> {
  let best: Claim | undefined;
  for (const own of bySpeaker.values()) {
    yield;
    // What has no length is somebody's all the same.
    const claim = claimOf(own, fromMs, Math.max(toMs, fromMs + 1));
    if (claim && (!best || compareClaims(claim, best) < 0)) best = claim;
  }
  return best?.turn;
}

function claimOf({ turns, spokenBefore }: Own, fromMs: number, toMs: number): Claim | undefined {
  const begin = firstIndex(turns.length, (i) => (turns[i]?.end_ms ?? 0) > fromMs);
  const end = firstIndex(turns.length, (i) => (turns[i]?.start_ms ?? 0) >= toMs);
  const [first, last] = [turns[begin], turns[end - 1]];
  if (begin >= end || !first || !last) return undefined;
  const turnsMs = (spokenBefore[end] ?? 0) - (spokenBefore[begin] ?? 0);
  const outside = Math.max(0, fromMs - first.start_ms) + Math.max(0, last.end_ms - toMs);
  return { turn: first, ms: turnsMs - outside, turnsMs };
}

function compareClaims(a: Claim, b: Claim): number {
  return (
    b.ms - a.ms ||
    a.turnsMs - b.turnsMs ||
    a.turn.start_ms - b.turn.start_ms ||
    compareTexts(a.turn.cluster_id, b.turn.cluster_id)
  );
}

function lengthOf({ start_ms, end_ms }: Turn): number {
  return end_ms - start_ms;
}
