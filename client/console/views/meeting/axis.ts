/** The stretch of the meeting that lanes and tracks show, and the marks on it. Pure. */
import type { Meeting } from "../../state/meeting.ts";

/** A meeting that has just begun is drawn as if it were so long: lanes grow, and don't shrink at every second. */
const leastMs = 60_000;
const stepsMs = [5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600].map((seconds) => seconds * 1_000);
const maxMarks = 7;

export interface Axis {
  readonly fromMs: number;
  readonly toMs: number;
}

export function axisOf(meeting: Meeting): Axis {
  const duration = meeting.durationMs.value;
  if (!meeting.isLive.value) return { fromMs: 0, toMs: Math.max(1_000, duration) };
  // Steps of a tenth, so that what is drawn does not crawl.
  const room = Math.max(leastMs, duration * 1.1);
  const step = Math.max(10_000, 10 ** Math.floor(Math.log10(room)));
  return { fromMs: 0, toMs: Math.max(leastMs, Math.ceil(room / step) * step) };
}

/** Times to mark, at most a few. */
export function marksOf({ fromMs, toMs }: Axis): readonly number[] {
  const step = stepsMs.find((ms) => (toMs - fromMs) / ms <= maxMarks) ?? 2 * 3_600_000;
  const marks: number[] = [];
  for (let at = Math.ceil(fromMs / step) * step; at < toMs; at += step) marks.push(at);
  return marks;
}
