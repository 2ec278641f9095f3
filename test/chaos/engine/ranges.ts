export type Range = [from: number, to: number];

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

/** The runs of 1…`last` that are not in `kept`, in order. */
export function rangesBetween(kept: ReadonlySet<number>, last: number): Range[] {
  const ranges: Range[] = [];
  for (let seq = 1; seq <= last; seq += 1) {
    if (kept.has(seq)) continue;
    const range = ranges.at(-1);
    if (range?.[1] === seq - 1) range[1] = seq;
    else ranges.push([seq, seq]);
  }
  return ranges;
}
