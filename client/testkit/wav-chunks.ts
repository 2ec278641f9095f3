/**
 * A WAV file as the chunks of the wire: 16 kHz mono s16le seconds, the last one filled up with silence. A file
 * that has this format already is passed on byte for byte.
 */
import { PcmFramer } from "../capture/pcm-framer.ts";
import { readWav, WavError } from "../node/wav.ts";
import { Failure } from "../../schemas/lib/failure.ts";

export interface WavChunks {
  /** One entry a second: chunk `seq` is `chunks[seq - 1]`. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  /** Samples of silence at the end of the last chunk. */
  readonly paddingSamples: number;
}

/**
 * @param name of the file, for messages.
 * @throws Failure when the bytes are no WAV that can be read, or hold no sample.
 */
export function readWavChunks(file: Uint8Array, name: string): WavChunks {
  try {
    const { format, samples } = readWav(file);
    if (samples.length < format.channels) throw new Failure(`${name} is a WAV file without a sample in it.`);
    const framer = new PcmFramer(format);
    const frames = [...framer.push(samples), ...framer.flush()];
    return { chunks: frames.map(({ pcm }) => pcm), paddingSamples: frames.at(-1)?.paddingSamples ?? 0 };
  } catch (cause) {
    if (cause instanceof WavError) throw new Failure(`${name} is ${cause.message}`);
    throw cause;
  }
}
