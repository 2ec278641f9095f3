/**
 * The loudest deviation in each tenth of a second: what a waveform is drawn from. Made while a chunk goes to R2 and kept in the
 * chunk's own metadata there, so that it costs no row and no object, and a waveform of eight hours no download of 922 MB.
 */
import { bytesPerSample, chunkSamples } from "../../../schemas/wire/audio.ts";
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
  const view = new DataView(pcm);
  const samples = Int16Array.from({ length: pcm.byteLength / bytesPerSample }, (_, i) => view.getInt16(i * 2, true));
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / Math.max(1, samples.length);
  let hex = "";
  for (let from = 0; from < samples.length; from += samplesPerPeak) {
    let peak = 0;
    for (const sample of samples.subarray(from, from + samplesPerPeak)) peak = Math.max(peak, Math.abs(sample - mean));
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
