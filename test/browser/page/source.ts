/** A source that page and test can both make: noise, at 16 kHz Int16 or at any multiple of it in Float32. */
import { pcm } from "../../../client/testkit/frames.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";

/** That of `test/client/support/meeting.ts`, whose checks know the 16 kHz source. */
const audioSeed = 1;
/** Not a divisor of a second: seconds and blocks must not fall together by luck. */
const blockSamples = 7_000;
/** Peaks below full scale: a filter overshoots. */
const floatScale = 50_000;

/** @returns second `second`, counted from 1: Int16 at 16 kHz, else Float32. */
export function samplesOf(second: number, rate: number): Int16Array | Float32Array {
  if (rate === sampleRateHz) return noise(second);
  const pieces = rate / sampleRateHz;
  const samples = new Float32Array(rate);
  for (let piece = 0; piece < pieces; piece += 1) {
    const values = Float32Array.from(noise((second - 1) * pieces + piece), (value) => value / floatScale);
    samples.set(values, piece * sampleRateHz);
  }
  return samples;
}

export function blocksOf<T extends Int16Array | Float32Array>(samples: T): T[] {
  const count = Math.ceil(samples.length / blockSamples);
  return Array.from({ length: count }, (_, i) => samples.slice(i * blockSamples, (i + 1) * blockSamples) as T);
}

function noise(seq: number): Int16Array {
  return new Int16Array(pcm(audioSeed, seq).buffer);
}
