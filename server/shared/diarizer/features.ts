/** From PCM to what the rest works on: per 10 ms frame its cepstra, level and periodicity. Knows no speakers. */
// oxlint-disable-next-line typescript/triple-slash-reference -- ambient: who imports this file needs it, too.
/// <reference path="./fourier-transform.d.ts" />
import { fft } from "fourier-transform";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { cepstraOf } from "./mel.ts";
import { front, speech } from "./tuning.ts";

export interface Features {
  readonly frames: number;
  /** frames × front.cepstra, row by row. */
  readonly cepstra: Float32Array;
  /** RMS of each frame, dB of full scale. */
  readonly levelDb: Float32Array;
  /** Highest normalized autocorrelation at a pitch a person has, 0–1. */
  readonly periodicity: Float32Array;
}

const hann = Float64Array.from(
  { length: front.frameSamples },
  (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (front.frameSamples - 1)),
);
const silentPower = 1e-10;

/** @param pcm mono, 16 kHz, −32,768 … 32,767. */
export function extractFeatures(pcm: Int16Array): Features {
  const samples = withoutOffset(pcm);
  const frames = Math.max(0, Math.floor((samples.length - front.frameSamples) / front.hopSamples) + 1);
  const cepstra = new Float32Array(frames * front.cepstra);
  const levelDb = new Float32Array(frames);
  const windowed = new Float64Array(front.fftSamples);
  const power = new Float64Array(front.fftSamples / 2 + 1);
  for (let frame = 0; frame < frames; frame++) {
    const start = frame * front.hopSamples;
    let energy = 0;
    for (let i = 0; i < front.frameSamples; i++) {
      const sample = (samples[start + i] ?? 0) / 32_768;
      const before = (samples[start + i - 1] ?? 0) / 32_768;
      energy += sample * sample;
      windowed[i] = (sample - front.preEmphasis * before) * (hann[i] ?? 0);
    }
    levelDb[frame] = 10 * Math.log10(energy / front.frameSamples + silentPower);
    const [real, imaginary] = fft(windowed);
    for (let bin = 0; bin < power.length; bin++) power[bin] = (real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2;
    cepstraOf(power, cepstra, frame * front.cepstra);
  }
  return { frames, cepstra, levelDb, periodicity: measurePeriodicity(samples, frames) };
}

/** Pitch is below 400 Hz: a quarter of the rate is plenty and a sixteenth of the work. */
const decimation = 4;
const slowRateHz = sampleRateHz / decimation;
/** 40 ms: two periods and more of the lowest voices. */
const pitchSamples = 0.04 * slowRateHz;
const hopSlow = front.hopSamples / decimation;

/** The constant offset of a cheap sound card is a level without sound, and looks perfectly periodic. */
function withoutOffset(pcm: Int16Array): Float64Array {
  let sum = 0;
  for (const sample of pcm) sum += sample;
  const mean = pcm.length === 0 ? 0 : Math.round(sum / pcm.length);
  // A loop, here and below: `from` with a function was a quarter of all the time that a window took.
  const samples = new Float64Array(pcm.length);
  for (let i = 0; i < samples.length; i++) samples[i] = (pcm[i] ?? 0) - mean;
  return samples;
}

function measurePeriodicity(samples: Float64Array, frames: number): Float32Array {
  const slow = new Float64Array(Math.floor(samples.length / decimation));
  for (let i = 0; i < slow.length; i++) {
    let sum = 0;
    for (let k = 0; k < decimation; k++) sum += samples[i * decimation + k] ?? 0;
    slow[i] = sum;
  }
  const periodicity = new Float32Array(frames);
  // Every second frame: voicing lasts longer than 20 ms.
  for (let frame = 0; frame < frames; frame += 2) {
    const value = highestAutocorrelation(slow, frame * hopSlow);
    periodicity[frame] = value;
    if (frame + 1 < frames) periodicity[frame + 1] = value;
  }
  return periodicity;
}

function highestAutocorrelation(slow: Float64Array, start: number): number {
  const shortestLag = Math.round(slowRateHz / speech.highPitchHz);
  const longestLag = Math.round(slowRateHz / speech.lowPitchHz);
  const length = pitchSamples - longestLag;
  let energy = 0;
  for (let i = 0; i < length; i++) energy += (slow[start + i] ?? 0) ** 2;
  let highest = 0;
  let laggedEnergy = 0;
  for (let i = 0; i < length; i++) laggedEnergy += (slow[start + shortestLag + i] ?? 0) ** 2;
  for (let lag = shortestLag; lag <= longestLag; lag++) {
    let product = 0;
    for (let i = 0; i < length; i++) product += (slow[start + i] ?? 0) * (slow[start + lag + i] ?? 0);
    // Samples are integers: an energy below one is digital silence.
    if (energy >= 1 && laggedEnergy >= 1) highest = Math.max(highest, product / Math.sqrt(energy * laggedEnergy));
    laggedEnergy += (slow[start + lag + length] ?? 0) ** 2 - (slow[start + lag] ?? 0) ** 2;
  }
  return highest;
}
