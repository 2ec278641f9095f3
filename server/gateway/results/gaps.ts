import type { ResultGap } from "../../../schemas/http/result.ts";
import { causesOf } from "../tracks/gap-causes.ts";
import type { Tracks } from "../tracks/tracks.ts";

/** A track's missing seconds, in order, each stretch with its cause. */
export function gapsOf(tracks: Tracks, track: string): ResultGap[] {
  const notes = tracks.gapNotes.of(track);
  return tracks
    .missing(track, Number.POSITIVE_INFINITY)
    .flatMap((range) => causesOf(range, notes).map((gap) => ({ track, ...gap })));
}
