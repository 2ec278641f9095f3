/** How strong the sound of a stretch of s16le is. Pure. */
import { bytesPerSample } from "../../../schemas/wire/audio.ts";

/** The mean square about the stretch's own mean: the constant offset of a cheap sound card is no sound. */
export function powerOf(pcm: DataView, fromByte: number, toByte: number): number {
  const count = (toByte - fromByte) / bytesPerSample;
  let [sum, squares] = [0, 0];
  for (let at = fromByte; at < toByte; at += bytesPerSample) {
    const sample = pcm.getInt16(at, true);
    sum += sample;
    squares += sample * sample;
  }
  return Math.max(0, squares - (sum * sum) / count) / count;
}
