/** Where somebody speaks, by what Silero said. Pure. */
import { vad } from "../stt/tuning.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { speaking } from "./tuning.ts";

/** Milliseconds [start, end) of the window. */
export interface Region {
  readonly start: number;
  readonly end: number;
}

const windowMs = (vad.windowSamples / sampleRateHz) * 1_000;

/** Probabilities from which speech begins, and below which it ends. */
export interface Hearable {
  readonly begins: number;
  readonly ends: number;
}

/** @param probabilities of windows of 32 ms. */
export function regionsOf(probabilities: readonly number[], lengthMs: number, hearable: Hearable = speaking): Region[] {
  const found: { start: number; end: number }[] = [];
  let isIn = false;
  for (const [i, probability] of probabilities.entries()) {
    const wasIn: boolean = isIn;
    isIn = probability >= (wasIn ? hearable.ends : hearable.begins);
    const last = found.at(-1);
    if (isIn && wasIn && last) last.end = (i + 1) * windowMs;
    else if (isIn) found.push({ start: i * windowMs, end: (i + 1) * windowMs });
  }
  const joined: { start: number; end: number }[] = [];
  for (const { start, end } of found) {
    const isAtEdge = start === 0 || end >= lengthMs;
    if (!isAtEdge && end - start < speaking.leastMs) continue;
    const wide = { start: Math.max(0, start - speaking.marginMs), end: Math.min(lengthMs, end + speaking.marginMs) };
    const last = joined.at(-1);
    if (last && wide.start - last.end <= speaking.joinPauseMs) last.end = wide.end;
    else joined.push(wide);
  }
  return joined;
}
