/**
 * The loudest deviation in each tenth of a second: what a waveform is drawn from. Made while a chunk goes to R2 and kept in the
 * chunk's own metadata there, so that it costs no row and no object, and a waveform of eight hours no download of 922 MB.
 */
import { chunkSamples } from "../../../schemas/wire/audio.ts";
import { peaksPerSecond } from "../../../schemas/http/peaks.ts";

const samplesPerPeak = chunkSamples / peaksPerSecond;
/** From a sample's 15 bits to a peak's 8. */
const peakShift = 7;

/**
 * @param pcm a chunk, s16le.
 * @returns two hex digits for each tenth of a second, `ff` is full scale. About the chunk's mean, so that a constant offset shows
 *   as the silence it is.
 */
export function encodePeaks(pcm: ArrayBuffer): string {
  // s16le is what this machine has in memory: V8 runs on no other.
  const samples = new Int16Array(pcm, 0, pcm.byteLength >> 1);
  const count = Math.ceil(samples.length / samplesPerPeak);
  const [lowest, highest] = [new Int16Array(count), new Int16Array(count)];
  let sum = 0;
  // The mean is known when all is seen, and then the two extremes of a tenth tell how far any of it is from it.
  for (let at = 0; at < count; at += 1) {
    const to = Math.min(samples.length, (at + 1) * samplesPerPeak);
    let [low, high] = [32_767, -32_768];
    for (let i = at * samplesPerPeak; i < to; i += 1) {
      const sample = samples[i] ?? 0;
      sum += sample;
      if (sample < low) low = sample;
      if (sample > high) high = sample;
    }
    lowest[at] = low;
    highest[at] = high;
  }
  const mean = sum / Math.max(1, samples.length);
  let hex = "";
  for (let at = 0; at < count; at += 1) {
    const peak = Math.max((highest[at] ?? 0) - mean, mean - (lowest[at] ?? 0));
    hex += Math.min(255, Math.round(peak) >> peakShift)
      .toString(16)
      .padStart(2, "0");
  }
  return hex;
}

/** Undefined for what `encodePeaks` did not make: chunks stored by earlier versions have none. */
export function decodePeaks(hex: string | undefined): Uint8Array | undefined {
  if (hex === undefined || !/^(?:[0-9a-f]{2}){10}$/.test(hex)) return undefined;
  return Uint8Array.from({ length: peaksPerSecond }, (_, i) => Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16));
}
