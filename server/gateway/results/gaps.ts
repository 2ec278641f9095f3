/** A track's missing seconds, in order, each stretch with its cause; in pages, since a track may have as many gaps as seconds. */
import type { ResultGap } from "../../../schemas/http/result.ts";
import { GapCauses } from "../tracks/gap-causes.ts";
import type { Tracks } from "../tracks/tracks.ts";

/** Ranges of one page. */
const pageRanges = 500;

export interface GapsPage {
  readonly gaps: ResultGap[];
  /** The seq behind which the next page begins; undefined where nothing follows. */
  readonly next: number | undefined;
}

/** @param after the seq behind which it begins. */
export function gapsPage(tracks: Tracks, track: string, after: number): GapsPage {
  const ranges = tracks.missing(track, pageRanges, after);
  if (ranges.length === 0) return { gaps: [], next: undefined };
  const causes = new GapCauses(tracks.gapNotes.of(track));
  const gaps = ranges.flatMap((range) => causes.of(range).map((gap) => ({ track, ...gap })));
  return { gaps, next: ranges.length < pageRanges ? undefined : ranges.at(-1)?.[1] };
}

/** All pages of a track. What is kept between two of them may or may not be missing in the later one. */
export function* gapPages(tracks: Tracks, track: string): Generator<ResultGap[], void, undefined> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: GapsPage = gapsPage(tracks, track, after);
    yield page.gaps;
    after = page.next;
  }
}
