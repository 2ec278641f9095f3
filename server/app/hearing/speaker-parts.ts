/**
 * Divides a piece of speech where another speaker goes on, at the quietest place nearby: a resolver's word for it is some tenths of a
 * second off, and no word should be cut in two. Pure.
 */
import { powerOf } from "./power.ts";
import type { SpokenTurn } from "../../../schemas/speech/spoken-turns.ts";
import { bytesPerSample, chunkMs, sampleRateHz } from "../../../schemas/wire/audio.ts";

export interface Part {
  readonly startMs: number;
  readonly endMs: number;
  readonly speech: Uint8Array<ArrayBuffer>;
}

/** An interjection that is shorter is left with the words around it: a model hears so little badly. */
const leastTurnMs = 500;
const leastPartMs = 500;
const bytesPerMs = (sampleRateHz * bytesPerSample) / 1_000;
const stepMs = 20;
/** A pause is looked for so far from where the resolver changes its mind. */
const reachMs = 500;
/** It hears window by window: who begins to speak near the end of one is known from the next one on. */
const windowReachMs = 2_000;
/** What is this much quieter than the piece, in energy, is a pause: 14 dB. */
const quieter = 0.04;
const leastPauseMs = 100;

/** @param turns by time. @returns parts that are the whole piece, in order. */
export function partsOf({ startMs, endMs, speech }: Part, turns: readonly SpokenTurn[]): Part[] {
  const parts: Part[] = [];
  let from = startMs;
  const take = (to: number): void => {
    const bytes = speech.slice((from - startMs) * bytesPerMs, (to - startMs) * bytesPerMs);
    parts.push({ startMs: from, endMs: to, speech: bytes });
    from = to;
  };
  const changes = changesIn(turns).filter(({ ms }) => ms >= startMs + leastPartMs && ms <= endMs - leastPartMs);
  const energies = changes.length === 0 ? [] : energiesOf(speech);
  for (const { ms, isAtWindow } of changes) {
    const least = Math.max(ms - (isAtWindow ? windowReachMs : reachMs), from + leastPartMs);
    const most = Math.min(ms + reachMs, endMs - leastPartMs);
    if (least > most) continue;
    const place = (at: number): number => Math.round((at - startMs) / stepMs);
    const step =
      middleOfPause(energies, place(least), place(most)) ?? quietest(energies, place(ms - reachMs), place(most));
    const at = startMs + step * stepMs;
    if (at >= from + leastPartMs) take(at);
  }
  take(endMs);
  return parts;
}

interface Change {
  readonly ms: number;
  /** Whether it may be where a window ends, not where a speaker does. */
  readonly isAtWindow: boolean;
}

/** Where one speaker ends and another begins: between them, or in the middle of what both speak. */
function changesIn(turns: readonly SpokenTurn[]): Change[] {
  const changes: Change[] = [];
  let before: SpokenTurn | undefined;
  for (const turn of turns.toSorted((a, b) => a.start_ms - b.start_ms)) {
    const isSame = before?.cluster_id === turn.cluster_id;
    if (!isSame && turn.end_ms - turn.start_ms < leastTurnMs) continue;
    // One that falls into another's turn, and does not go on after it, is an interjection.
    if (before && !isSame && turn.end_ms <= before.end_ms) continue;
    if (before && !isSame) {
      const isAtWindow = turn.start_ms % chunkMs === 0 && Math.abs(turn.start_ms - before.end_ms) <= stepMs;
      changes.push({ ms: (before.end_ms + turn.start_ms) / 2, isAtWindow });
    }
    before = isSame && before ? { ...before, end_ms: Math.max(before.end_ms, turn.end_ms) } : turn;
  }
  return changes;
}

/** @returns the middle of the longest pause between two steps; undefined where nobody pauses. */
function middleOfPause(energies: readonly number[], least: number, most: number): number | undefined {
  const mean = energies.reduce((sum, each) => sum + each, 0) / energies.length;
  let [best, longest, run] = [0, 0, 0];
  for (let at = least; at <= most; at += 1) {
    run = (energies[at] ?? 0) < mean * quieter ? run + 1 : 0;
    if (run > longest) [best, longest] = [at - Math.floor(run / 2), run];
  }
  return longest * stepMs >= leastPauseMs ? best : undefined;
}

function quietest(energies: readonly number[], least: number, most: number): number {
  const around = (at: number): number => (energies[at - 1] ?? 0) + (energies[at] ?? 0) + (energies[at + 1] ?? 0);
  let best = most;
  for (let at = Math.max(0, least); at < most; at += 1) if (around(at) < around(best)) best = at;
  return best;
}

/** The energy of each step of a piece. */
function energiesOf(speech: Uint8Array): number[] {
  const view = new DataView(speech.buffer, speech.byteOffset, speech.byteLength);
  const stepBytes = stepMs * bytesPerMs;
  const count = Math.floor(speech.byteLength / stepBytes);
  return Array.from({ length: count }, (_, step) => powerOf(view, step * stepBytes, (step + 1) * stepBytes));
}
