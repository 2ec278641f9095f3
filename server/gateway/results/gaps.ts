/** A track's missing seconds, in order, each stretch with its cause; in pages, since a track may have as many gaps as seconds. */
import type { ResultGap } from "../../../schemas/http/gaps.ts";
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import { trackNameSchema } from "../../../schemas/names.ts";
import { GapCauses } from "../tracks/gap-causes.ts";
import type { Tracks } from "../tracks/tracks.ts";

/** Ranges of one page. */
const pageRanges = 500;

interface GapsPage {
  readonly gaps: ResultGap[];
  /** The seq behind which the next page begins; undefined where nothing follows. */
  readonly next: number | undefined;
}

/** @param after the seq behind which it begins. */
function gapsPage(tracks: Tracks, track: string, after: number, max = pageRanges): GapsPage {
  const ranges = tracks.missing(track, max, after);
  if (ranges.length === 0) return { gaps: [], next: undefined };
  const causes = new GapCauses(tracks.gapNotes.of(track));
  const gaps = ranges.flatMap((range) => causes.of(range).map((gap) => ({ track, ...gap })));
  return { gaps, next: ranges.length < max ? undefined : ranges.at(-1)?.[1] };
}

/** Where the next page of the gaps of several tracks begins. */
const gapsPlaceSchema = z.object({ track: trackNameSchema, after: z.int().min(0) });
export type GapsPlace = z.infer<typeof gapsPlaceSchema>;

/** The first gaps of every track, few enough for a body that is asked for again and again (G2). */
export function firstGaps(tracks: Tracks): ResultGap[] {
  return tracks
    .rows()
    .flatMap(({ track }) => gapsPage(tracks, track, 0, limits.maxMissingRanges).gaps.slice(0, limits.maxMissingRanges));
}

/** Asks for the outline of a meeting, with the gaps from a place on. */
export const outlineAskSchema = z.object({ gaps_from: gapsPlaceSchema.nullable() });
export type OutlineAsk = z.infer<typeof outlineAskSchema>;

/** The gaps of several tracks, one after the other. @param from undefined for their beginning. */
export function gapsFrom(
  tracks: Tracks,
  names: readonly string[],
  from: GapsPlace | undefined,
): { gaps: ResultGap[]; next: GapsPlace | undefined } {
  const gaps: ResultGap[] = [];
  for (const track of from ? names.slice(Math.max(0, names.indexOf(from.track))) : names) {
    if (gaps.length >= pageRanges) return { gaps, next: { track, after: 0 } };
    const page = gapsPage(tracks, track, track === from?.track ? from.after : 0);
    gaps.push(...page.gaps);
    if (page.next !== undefined) return { gaps, next: { track, after: page.next } };
  }
  return { gaps, next: undefined };
}

/** All pages of a track. What is kept between two of them may or may not be missing in the later one. */
export function* gapPages(tracks: Tracks, track: string): Generator<ResultGap[], void, undefined> {
  for (let after: number | undefined = 0; after !== undefined;) {
    const page: GapsPage = gapsPage(tracks, track, after);
    yield page.gaps;
    after = page.next;
  }
}
