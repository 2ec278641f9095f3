/**
 * Whether anybody speaks in a window, from its energy alone: cheap, and wrong only on the side of asking the
 * service. The track's noise floor follows the quiet frames: down at once, up slowly.
 */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";

const frameSamples = sampleRateHz / 50;
/** A frame counts as possible speech this far above the floor… */
const aboveFloorDb = 6;
/** …and above this level, dBFS. */
const quietestSpeechDb = -55;
/** Eight frames of 20 ms: shorter than any word. */
const minActiveFrames = 8;
const floorRiseDb = 1;
/** Below it a frame is digital silence (muted, or a gap) and says nothing of the room's noise. */
const digitalSilenceDb = -85;
const floorQuantile = 0.1;

export interface Judgement {
  readonly silent: boolean;
  /** The noise floor after this window, dBFS; undefined where it is still not known. */
  readonly floorDb: number | undefined;
}

/** @param samples s16 at 16 kHz. @param floorDb the track's noise floor so far. */
export function judgeSilence(samples: Int16Array, floorDb: number | undefined): Judgement {
  const levels = frameLevels(samples).filter((level) => level > digitalSilenceDb);
  if (levels.length === 0) return { silent: true, floorDb };
  const quiet = levels.toSorted((a, b) => a - b)[Math.floor(levels.length * floorQuantile)] ?? digitalSilenceDb;
  const floor = floorDb === undefined ? quiet : Math.min(quiet, floorDb + floorRiseDb);
  const threshold = Math.max(floor + aboveFloorDb, quietestSpeechDb);
  return { silent: levels.filter((level) => level > threshold).length < minActiveFrames, floorDb: floor };
}

/** RMS of every 20 ms about its mean, dB of full scale: the constant offset of a cheap sound card is no sound. */
function frameLevels(samples: Int16Array): number[] {
  const levels: number[] = [];
  for (let start = 0; start + frameSamples <= samples.length; start += frameSamples) {
    let sum = 0;
    let squares = 0;
    for (let i = start; i < start + frameSamples; i += 1) {
      const value = samples[i] ?? 0;
      sum += value;
      squares += value * value;
    }
    // Of whole numbers, so that an offset leaves exactly nothing.
    const power = (squares - (sum * sum) / frameSamples) / frameSamples / 32_768 ** 2;
    levels.push(10 * Math.log10(Math.max(0, power) + 1e-12));
  }
  return levels;
}
