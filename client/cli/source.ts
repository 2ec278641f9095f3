/** Where a capture's samples come from: a WAV file, or raw s16le on stdin. */
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import type { PcmBlock, PcmFormat } from "../capture/pcm-framer.ts";
import { readWav, WavError } from "../node/wav.ts";
import { UsageError } from "./usage-error.ts";

export interface Source {
  readonly format: PcmFormat;
  /** Whole and begun seconds in all; undefined where that is not known before the end. */
  readonly seconds: number | undefined;
  /** @param skipSeconds leave these out: an earlier run has them. A stream can't: it goes on from where it is. */
  blocks(skipSeconds: number): AsyncIterable<PcmBlock>;
}

/** A file has its place: after a crash it goes on at the second where the last run stopped. */
export async function openWavSource(path: string): Promise<Source> {
  let file: Uint8Array;
  try {
    file = await readFile(path);
  } catch (cause) {
    throw new UsageError(`${path} can't be read: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
  try {
    const { format, samples } = readWav(file);
    const perSecond = format.sampleRate * format.channels;
    return {
      format,
      seconds: Math.ceil(samples.length / perSecond),
      // Second by second, so that the outbox can ask for patience in between.
      async *blocks(skipSeconds) {
        for (let at = skipSeconds * perSecond; at < samples.length; at += perSecond) {
          yield samples.subarray(at, at + perSecond);
        }
      },
    };
  } catch (cause) {
    if (cause instanceof WavError) throw new UsageError(`${path} is ${cause.message}`);
    throw cause;
  }
}

export function openStdinSource(stdin: Readable, format: PcmFormat): Source {
  return {
    format,
    seconds: undefined,
    async *blocks() {
      let odd: Buffer = Buffer.alloc(0);
      for await (const data of stdin as AsyncIterable<Buffer>) {
        const bytes = odd.length > 0 ? Buffer.concat([odd, data]) : data;
        const samples = Math.floor(bytes.length / 2);
        odd = bytes.subarray(samples * 2);
        const block = new Int16Array(samples);
        for (let i = 0; i < samples; i += 1) block[i] = bytes.readInt16LE(i * 2);
        yield block;
      }
    },
  };
}
