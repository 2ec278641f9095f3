/** Where somebody speaks next. Pure. */
import type { Turn } from "../../index.ts";

/** A pause so short is part of how people talk. */
const leastSkipMs = 1_500;
/** Heard before the first word. */
const leadInMs = 300;

/** Where to go on from a silence; undefined while somebody speaks, soon will, or nobody does any more. */
export function nextSpeechMs(turns: readonly Pick<Turn, "start_ms" | "end_ms">[], nowMs: number): number | undefined {
  let next = Number.POSITIVE_INFINITY;
  for (const { start_ms, end_ms } of turns) {
    if (start_ms <= nowMs && nowMs < end_ms + leadInMs) return undefined;
    if (start_ms > nowMs) next = Math.min(next, start_ms);
  }
  return next - nowMs > leastSkipMs + leadInMs && Number.isFinite(next) ? next - leadInMs : undefined;
}
