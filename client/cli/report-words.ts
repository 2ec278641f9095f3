/** What a capture's report lacks, in words. Pure. */
import type { CaptureEnd, SeqRange } from "@roomtone/client/node";

/** @param name of the track; undefined where it is the only one. @returns undefined where the room keeps everything. */
export function shortfall({ complete, missing, lost }: CaptureEnd, name?: string): string | undefined {
  if (complete && lost.length === 0) return undefined;
  const of = name === undefined ? "" : ` of ${name}`;
  if (missing.length > 0 || lost.length > 0)
    return `The room lacks seconds ${describeRanges([...missing, ...lost])}${of}.`;
  return `The room did not take the end${of === "" ? " of this track" : of}: it has audio beyond it that is not of this capture.`;
}

/** `1–3, 7`, in order and each second once: for people. */
export function describeRanges(ranges: readonly SeqRange[]): string {
  const merged: [number, number][] = [];
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else merged.push([from, to]);
  }
  return merged.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}
