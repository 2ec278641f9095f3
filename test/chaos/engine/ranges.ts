import type { Range } from "../../../client/testkit/reference-track.ts";

/** Ranges in order, those that touch as one: a result parts a gap where its cause changes. */
export function joinedRanges(gaps: readonly { readonly from_seq: number; readonly to_seq: number }[]): Range[] {
  const ranges: Range[] = [];
  for (const { from_seq, to_seq } of gaps) {
    const last = ranges.at(-1);
    if (last?.[1] === from_seq - 1) last[1] = to_seq;
    else ranges.push([from_seq, to_seq]);
  }
  return ranges;
}
