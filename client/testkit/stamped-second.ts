/**
 * Seconds of audio that cost next to nothing to make: one tone, with its number written over the first samples.
 * For runs of many thousands, where computing each would be measured instead of the gateway.
 */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { toneChunk } from "./tone.ts";

const base = toneChunk(1);

/** @returns a second of its own; any two of a track differ. */
export function stampedSecond(seq: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunkBytes);
  bytes.set(base);
  new DataView(bytes.buffer).setUint32(0, seq, true);
  return bytes;
}
