import { expect, test } from "vitest";
import { gapPages, gapsFrom, type GapsPlace } from "../../../server/gateway/results/gaps.ts";
import type { Tracks } from "../../../server/gateway/tracks/tracks.ts";
import { range } from "../support/range.ts";

/** Tracks of which so many single seconds are missing. */
function withGaps(counts: Readonly<Record<string, number>>): Tracks {
  const missing = (track: string, max: number, after: number): [number, number][] =>
    range(1, counts[track] ?? 0)
      .map((n): [number, number] => [2 * n, 2 * n])
      .filter(([from]) => from > after)
      .slice(0, max);
  return { missing, gapNotes: { of: () => [] } } as unknown as Tracks;
}

test.each([
  [{ a: 0, b: 0 }],
  [{ a: 500, b: 1 }],
  [{ a: 499, b: 502, c: 3 }],
  [{ a: 1_001, b: 0, c: 500 }],
  [{ a: 1, b: 1_500, c: 1 }],
])("[R13] the gaps of %j in pages are all gaps, each once", (counts) => {
  const tracks = withGaps(counts);
  const names = Object.keys(counts);
  const all = names.flatMap((track) => [...gapPages(tracks, track)].flat());
  const paged: typeof all = [];
  let from: GapsPlace | undefined;
  do {
    const page = gapsFrom(tracks, names, from);
    expect(page.gaps.length).toBeLessThan(1_000);
    paged.push(...page.gaps);
    from = page.next;
  } while (from);
  expect(paged).toEqual(all);
  expect(all.length).toBe(Object.values(counts).reduce((sum, count) => sum + count, 0));
});
