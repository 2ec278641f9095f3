/**
 * A WAV file as the chunks of the wire: 16 kHz mono s16le seconds, the last one filled up with silence. A file
 * that has this format already is passed on byte for byte.
 */
import { PcmFramer } from "../capture/pcm-framer.ts";
import { WavError } from "../node/wav/wav-header.ts";
import { openWavFile } from "../node/wav/wav-reader.ts";
import { Failure } from "../../schemas/lib/failure.ts";

export interface WavChunks {
  /** One entry a second: chunk `seq` is `chunks[seq - 1]`. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  /** Samples of silence at the end of the last chunk. */
  readonly paddingSamples: number;
}

/** @throws Failure where there is no WAV file that can be read, or none with a sample in it. */
export async function readWavChunks(path: string): Promise<WavChunks> {
  try {
    const wav = await openWavFile(path);
    if (wav.seconds === 0) throw new Failure(`${path} is a WAV file without a sample in it.`);
    const framer = new PcmFramer(wav.format);
    const frames = [];
    for await (const block of wav.blocks(0)) frames.push(...framer.push(block));
    frames.push(...framer.flush());
    return { chunks: frames.map(({ pcm }) => pcm), paddingSamples: frames.at(-1)?.paddingSamples ?? 0 };
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    if (cause instanceof WavError) throw new Failure(`${path} is ${cause.message}.`);
    throw new Failure(`${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}.`);
  }
}
