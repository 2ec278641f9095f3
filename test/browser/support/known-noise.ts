/** A source in which any piece can be found again, at whatever sample it begins. Pure. */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { pcm } from "../../../client/testkit/frames.ts";

const noiseSeed = 5;
/** Of a running mean, twice: noise below 1 kHz, which filters and half a sample of delay hardly change. */
const meanSamples = 8;
/** Steps of the search for a place; the noise changes little over one. */
const roughStep = 2;

export function noiseOf(seconds: number): Int16Array<ArrayBuffer> {
  const white = new Float64Array(seconds * sampleRateHz);
  for (let second = 0; second < seconds; second += 1)
    white.set(new Int16Array(pcm(noiseSeed, second + 1).buffer), second * sampleRateHz);
  return Int16Array.from(runningMean(runningMean(white)));
}

function runningMean(samples: Float64Array): Float64Array {
  const mean = new Float64Array(samples.length);
  let sum = 0;
  for (let i = 0; i < samples.length; i += 1) {
    sum += (samples[i] ?? 0) - (samples[i - meanSamples] ?? 0);
    mean[i] = sum / meanSamples;
  }
  return mean;
}

export interface Place {
  /** Where in the source the piece begins, samples. */
  readonly at: number;
  /** 1: the same up to loudness. */
  readonly likeness: number;
}

/** Where the source is most like the piece, at `around` give or take `within` samples. */
export function placeOf(piece: Int16Array, source: Int16Array, around: number, within: number): Place {
  const rough = bestOf(piece.subarray(0, 1_000), source, { around, within, step: roughStep });
  return bestOf(piece, source, { around: rough.at, within: roughStep, step: 1 });
}

function bestOf(
  piece: Int16Array,
  source: Int16Array,
  { around, within, step }: { around: number; within: number; step: number },
): Place {
  let best: Place = { at: around, likeness: -1 };
  for (let at = Math.max(0, around - within); at <= around + within; at += step) {
    const likeness = correlation(piece, source.subarray(at, at + piece.length));
    if (likeness > best.likeness) best = { at, likeness };
  }
  return best;
}

function correlation(a: Int16Array, b: Int16Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i += 1) {
    const x = a[i] ?? 0;
    const y = b[i] ?? 0;
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return aa === 0 || bb === 0 ? 0 : ab / Math.sqrt(aa * bb);
}
