/** Sound as numbers: s16le bytes from the wire or a provider, and back. Pure. */
import { bytesPerSample } from "./audio.ts";

// Loops: `Int16Array.from` with a function takes some twenty times as long, and every second of every track comes by here.

/** @param bytes s16le; half a sample at the end is left out. @returns −32,768 … 32,767. */
export function samplesOf(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const samples = new Int16Array(Math.floor(bytes.byteLength / bytesPerSample));
  for (let at = 0; at < samples.length; at += 1) samples[at] = view.getInt16(at * bytesPerSample, true);
  return samples;
}

/** @returns s16le. */
export function bytesOf(samples: Int16Array): Uint8Array<ArrayBuffer> {
  const view = new DataView(new ArrayBuffer(samples.length * bytesPerSample));
  for (let at = 0; at < samples.length; at += 1) view.setInt16(at * bytesPerSample, samples[at] ?? 0, true);
  return new Uint8Array(view.buffer);
}
