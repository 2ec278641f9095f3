/**
 * Which frames are speech: by level against the noise floor and the window's own loudness, then by voicing. The
 * floor outlives the window, so that a window without a pause is still measured against the room.
 */
import type { Features } from "./features.ts";
import { framesPerSecond, speech } from "./tuning.ts";
import { percentile } from "./vectors.ts";

/** Frames [start, end). */
export interface Run {
  readonly start: number;
  readonly end: number;
}

export interface Speech {
  /** 1 where a frame itself is loud enough: what voices are measured on. */
  readonly loud: Uint8Array;
  /** Stretches of speech with their short pauses, in order. */
  readonly runs: readonly Run[];
  readonly floorDb: number;
}

/** @param carriedFloorDb of the window before, undefined at the start. */
export function detectSpeech(features: Features, carriedFloorDb: number | undefined): Speech {
  const { frames, levelDb } = features;
  const loud = new Uint8Array(frames);
  if (frames === 0) return { loud, runs: [], floorDb: carriedFloorDb ?? speech.lowestFloorDb };
  const floorDb = nextFloor(percentile(levelDb, 0.1), carriedFloorDb, frames / framesPerSecond);
  const threshold = Math.max(
    floorDb + speech.aboveFloorDb,
    percentile(levelDb, 0.95) - speech.belowLoudDb,
    speech.minLevelDb,
  );
  for (let i = 0; i < frames; i++) loud[i] = (levelDb[i] ?? threshold) > threshold ? 1 : 0;
  const runs = joinRuns(loud).filter((run) => run.end - run.start >= speech.minRunFrames && isVoiced(run, features));
  const inRuns = new Uint8Array(frames);
  for (const run of runs) inRuns.fill(1, run.start, run.end);
  return { loud: loud.map((value, i) => value & (inRuns[i] ?? 0)), runs, floorDb };
}

/** Falls at once, rises slowly: a window full of speech must not pass for a loud room. */
function nextFloor(quietDb: number, carriedDb: number | undefined, seconds: number): number {
  const highest = carriedDb === undefined ? quietDb : carriedDb + speech.floorRiseDbPerSecond * seconds;
  return Math.max(speech.lowestFloorDb, Math.min(quietDb, highest));
}

/** Loud frames with no more than the hangover between them. */
function joinRuns(loud: Uint8Array): Run[] {
  const runs: { start: number; end: number }[] = [];
  for (let i = 0; i < loud.length; i++) {
    if (loud[i] !== 1) continue;
    const last = runs.at(-1);
    if (last && i - last.end <= speech.hangoverFrames) last.end = i + 1;
    else runs.push({ start: i, end: i + 1 });
  }
  return runs;
}

function isVoiced(run: Run, { periodicity }: Features): boolean {
  let voiced = 0;
  for (let i = run.start; i < run.end; i++) if ((periodicity[i] ?? 0) >= speech.minPeriodicity) voiced++;
  return voiced >= speech.minVoicedShare * (run.end - run.start);
}
