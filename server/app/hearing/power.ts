/** How strong the sound of a stretch of s16le is. Pure. */
import { bytesPerSample } from "../../../schemas/wire/audio.ts";

/**
 * So much of a stretch's own mean counts as sound, s16: in a short stretch it is the deep part of a room's noise, by which pauses are
 * told from speech. What is beyond is the constant offset of a cheap sound card.
 */
const leastOffset = 64;

/** The mean square, of which a constant offset is no part. */
export function powerOf(pcm: DataView, fromByte: number, toByte: number): number {
  const count = (toByte - fromByte) / bytesPerSample;
  let [sum, squares] = [0, 0];
  for (let at = fromByte; at < toByte; at += bytesPerSample) {
    const sample = pcm.getInt16(at, true);
    sum += sample;
    squares += sample * sample;
  }
  const mean = Math.abs(sum) / count;
  return Math.max(0, squares / count - mean * mean) + Math.min(mean, leastOffset) ** 2;
}
