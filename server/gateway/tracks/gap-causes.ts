/** Why chunks are missing: each stretch of a gap with its cause. Pure. */
import type { GapCause } from "../../../schemas/http/result.ts";

export interface GapNote {
  readonly from_seq: number;
  readonly to_seq: number;
  readonly cause: Exclude<GapCause, "never_sent">;
}

/** Splits a range of missing chunks by cause; neighbours with the same cause are one. @param notes a later one wins. */
export function causesOf(
  [from, to]: readonly [number, number],
  notes: readonly GapNote[],
): { from_seq: number; to_seq: number; cause: GapCause }[] {
  const touching = notes.filter((note) => note.from_seq <= to && note.to_seq >= from);
  const edges = new Set([from, to + 1]);
  for (const note of touching) edges.add(Math.max(from, note.from_seq)).add(Math.min(to, note.to_seq) + 1);
  const starts = [...edges].sort((a, b) => a - b);
  const parts: { from_seq: number; to_seq: number; cause: GapCause }[] = [];
  for (const [i, start] of starts.slice(0, -1).entries()) {
    const end = (starts[i + 1] ?? to + 1) - 1;
    const cause = touching.findLast((note) => note.from_seq <= start && note.to_seq >= end)?.cause ?? "never_sent";
    const last = parts.at(-1);
    if (last?.cause === cause) last.to_seq = end;
    else parts.push({ from_seq: start, to_seq: end, cause });
  }
  return parts;
}
