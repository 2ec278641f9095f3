/** Samples as the wire has them, whatever order of bytes this machine has. */
import { bytesPerSample } from "../../schemas/wire/audio.ts";

export function bytesOf(samples: Int16Array): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(samples.length * bytesPerSample));
  for (const [i, sample] of samples.entries()) bytes.setInt16(i * bytesPerSample, sample, true);
  return new Uint8Array(bytes.buffer);
}

/** A copy: what a decoder gives may begin at an odd byte of something larger. */
export function samplesOf(bytes: Uint8Array): Int16Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(Math.floor(bytes.byteLength / bytesPerSample));
  for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(i * bytesPerSample, true);
  return samples;
}
