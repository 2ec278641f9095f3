export type Range = [from: number, to: number];

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
