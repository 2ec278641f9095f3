/** The seconds a run streams: tones, or what a WAV file holds. */
import { Failure } from "../../schemas/lib/failure.ts";
import { toneChunk } from "./tone.ts";
import { readWavChunks, type WavChunks } from "./wav-chunks.ts";

const defaultToneSeconds = 10;

/** @param count of seconds; undefined for ten, or the whole file. */
export async function loadAudio(file: string | undefined, count: number | undefined): Promise<WavChunks> {
  if (file === undefined) {
    const chunks = Array.from({ length: count ?? defaultToneSeconds }, (_, index) => toneChunk(index + 1));
    return { chunks, paddingSamples: 0 };
  }
  const audio = await readWavChunks(file);
  if (count === undefined || count === audio.chunks.length) return audio;
  if (count > audio.chunks.length)
    throw new Failure(`${file} holds ${audio.chunks.length} seconds, fewer than the ${count} of --chunks.`);
  return { chunks: audio.chunks.slice(0, count), paddingSamples: 0 };
}

/** Audio as a stream takes it. */
export function secondsOf({ chunks, paddingSamples }: WavChunks): {
  seconds: number;
  second: (seq: number) => Uint8Array;
  paddingSamples: number;
} {
  const second = (seq: number): Uint8Array => chunks[seq - 1] ?? new Uint8Array();
  return { seconds: chunks.length, second, paddingSamples };
}
