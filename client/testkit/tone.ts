/**
 * Synthetic seconds of audio. Guarantees that any two seconds of a stream differ in their bytes, so that a
 * gateway that mixes up, drops or repeats one is found out; and that the same seq gives the same bytes, so
 * that a run can be repeated.
 */
import { chunkBytes, chunkSamples, sampleRateHz } from "../../schemas/wire/audio.ts";

const amplitude = 8_000;
/** Two octaves of semitones up from A3. */
const lowestHz = 220;
const semitones = 24;
/** Multiples of it never repeat modulo one turn: the phase alone tells any two seconds apart. */
const goldenTurn = (Math.sqrt(5) - 1) / 2;

/** @returns one second of s16le, 16 kHz, mono: a sine whose tone and phase belong to `seq`. */
export function toneChunk(seq: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(chunkBytes);
  const view = new DataView(bytes.buffer);
  const hz = lowestHz * 2 ** (((seq * 7) % semitones) / 12);
  const phase = ((seq * goldenTurn) % 1) * 2 * Math.PI;
  for (let at = 0; at < chunkSamples; at += 1) {
    const value = amplitude * Math.sin((2 * Math.PI * hz * at) / sampleRateHz + phase);
    view.setInt16(at * 2, Math.round(value), true);
  }
  return bytes;
}
