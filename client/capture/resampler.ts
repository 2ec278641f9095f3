/**
 * Streaming sample-rate conversion to 16 kHz by a windowed sinc (Kaiser), one filter phase per possible
 * sub-sample offset: the offsets of a rational ratio repeat, so the coefficients are exact, not interpolated.
 *
 * Guarantees: feeding the same samples in other block sizes gives the same output to the bit; output k
 * stands for the input at time k/16000 s (no delay); nothing is held back but the filter's half width; no
 * memory but one slice of input and the coefficients (100 kB at 44.1 kHz, 10 MB at a rate such as 47,999 Hz
 * that shares no factor with 16,000).
 * Source: J. O. Smith, "Digital Audio Resampling", https://ccrma.stanford.edu/~jos/resample/.
 */
import { sampleRateHz } from "../../schemas/wire/audio.ts";

/** Zero crossings of the sinc on each side: the price in multiplications, and the steepness of the slope. */
const zeroCrossings = 24;
/** Of the stop band. Kaiser's formulas give the window's shape and the slope's half width from it. */
const stopBandDb = 80;
const kaiserBeta = 0.1102 * (stopBandDb - 8.7);
const slope = (stopBandDb - 8) / (4.571 * Math.PI * 2 * zeroCrossings);
/** Of the lower Nyquist frequency. The slope ends at Nyquist, so that nothing aliases; below 0.81 of it all passes. */
const cutoffRatio = 1 / (1 + slope);
/** Input is taken in pieces of this many samples, whatever the block. */
const sliceSamples = 4_096;

export interface Resampler {
  /** @param block mono samples at the input rate. @returns the 16 kHz samples that they complete. */
  push(block: Float32Array): Float32Array<ArrayBuffer>;
  /** The rest, with silence after the last sample. A new stream may follow. */
  flush(): Float32Array<ArrayBuffer>;
}

/** @param inputRateHz 1,000 to 384,000. Throws RangeError beyond. */
export function createResampler(inputRateHz: number): Resampler {
  if (!Number.isInteger(inputRateHz) || inputRateHz < 1_000 || inputRateHz > 384_000) {
    throw new RangeError(`sample rate must be a whole number from 1000 to 384000 Hz, not ${inputRateHz}`);
  }
  const divisor = greatestCommonDivisor(inputRateHz, sampleRateHz);
  const stepIn = inputRateHz / divisor;
  const stepOut = sampleRateHz / divisor;
  const wholeStep = Math.floor(stepIn / stepOut);
  const cutoff = cutoffRatio * Math.min(1, sampleRateHz / inputRateHz);
  // Even, so that the window's 2 × halfWidth samples come in fours.
  const halfWidth = 2 * Math.ceil(zeroCrossings / cutoff / 2);
  const width = 2 * halfWidth;
  const rows: (Float64Array | undefined)[] = Array.from({ length: stepOut });

  const buffer = new Float32Array(width + sliceSamples);
  let filled = 0;
  // Where in `buffer` the next output's window begins, and how far after the window's centre the output
  // lies, in 1/stepOut of an input sample. Whole numbers: no rounding, however long the meeting.
  let start = 0;
  let phase = 0;
  let inputCount = 0;
  let outputCount = 0;

  const reset = (): void => {
    // Silence stands before the first sample, which is the centre of output 0.
    buffer.fill(0);
    filled = halfWidth - 1;
    start = 0;
    phase = 0;
    inputCount = 0;
    outputCount = 0;
  };

  /** Outputs whose whole window is known once `added` more samples are there. */
  const outputsAfter = (added: number): number =>
    Math.max(0, Math.ceil(((filled + added - width - start + 1) * stepOut - phase) / stepIn));

  const run = (block: Float32Array, out: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> => {
    let made = 0;
    for (let from = 0; from < block.length; from += sliceSamples) {
      const slice = block.subarray(from, from + sliceSamples);
      if (filled + slice.length > buffer.length) {
        buffer.copyWithin(0, start, filled);
        filled -= start;
        start = 0;
      }
      buffer.set(slice, filled);
      filled += slice.length;
      for (; start + width <= filled && made < out.length; made += 1) {
        out[made] = dot((rows[phase] ??= kernel(phase / stepOut, halfWidth, cutoff)), buffer, start);
        start += wholeStep;
        phase += stepIn - wholeStep * stepOut;
        if (phase >= stepOut) {
          start += 1;
          phase -= stepOut;
        }
      }
    }
    outputCount += made;
    return out;
  };

  reset();
  return {
    push(block) {
      inputCount += block.length;
      return run(block, new Float32Array(outputsAfter(block.length)));
    },
    flush() {
      const left = Math.ceil((inputCount * stepOut) / stepIn) - outputCount;
      const rest = run(new Float32Array(width), new Float32Array(left));
      reset();
      return rest;
    },
  };
}

/** Four sums side by side: one alone would wait for each addition. The row's length is a multiple of four. */
function dot(row: Float64Array, samples: Float32Array, at: number): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  for (let i = 0; i < row.length; i += 4) {
    a += (row[i] ?? 0) * (samples[at + i] ?? 0);
    b += (row[i + 1] ?? 0) * (samples[at + i + 1] ?? 0);
    c += (row[i + 2] ?? 0) * (samples[at + i + 2] ?? 0);
    d += (row[i + 3] ?? 0) * (samples[at + i + 3] ?? 0);
  }
  return a + b + c + d;
}

/** The windowed sinc around an output at `offset` (0 ≤ offset < 1) after the centre sample. Sums to 1. */
function kernel(offset: number, halfWidth: number, cutoff: number): Float64Array {
  const row = new Float64Array(2 * halfWidth);
  let sum = 0;
  for (let i = 0; i < row.length; i += 1) {
    const distance = i - (halfWidth - 1) - offset;
    const value = sinc(cutoff * distance) * kaiser(distance / halfWidth);
    row[i] = value;
    sum += value;
  }
  return row.map((value) => value / sum);
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

/** Kaiser window at −1 ≤ x ≤ 1, up to a factor. */
function kaiser(x: number): number {
  return Math.abs(x) >= 1 ? 0 : besselI0(kaiserBeta * Math.sqrt(1 - x * x));
}

/** Modified Bessel function of the first kind, order 0, by its series. */
function besselI0(x: number): number {
  let sum = 1;
  let term = 1;
  for (let k = 1; term > sum * 1e-12; k += 1) {
    term *= (x / (2 * k)) ** 2;
    sum += term;
  }
  return sum;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
