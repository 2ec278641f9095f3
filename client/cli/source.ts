/** Where a capture's samples come from: a WAV file, raw s16le on stdin, or a device. */
import { readFile } from "node:fs/promises";
import type { Readable } from "node:stream";
import { channelCount, sampleRateHz } from "../../schemas/wire/audio.ts";
import type { PcmBlock, PcmFormat } from "../capture/pcm-framer.ts";
import { startRecorder } from "../node/recorder.ts";
import { readWav, WavError } from "../node/wav.ts";
import { UsageError } from "./usage-error.ts";

export interface Source {
  readonly format: PcmFormat;
  /** Whole and begun seconds in all; undefined where that is not known before the end. */
  readonly seconds: number | undefined;
  /** @param skipSeconds leave these out: an earlier run has them. A stream can't: it goes on from where it is. */
  blocks(skipSeconds: number): AsyncIterable<PcmBlock>;
  /** Ends a source that would go on for ever; what it gave before still comes. */
  readonly stop?: () => void;
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
  return { format, seconds: undefined, blocks: () => pcmBlocks(stdin) };
}

/** Records from when `blocks` is first read until `stop`. @param name of the device; undefined for the default. */
export function openDeviceSource(name: string | undefined): Source {
  const stopping = new AbortController();
  return {
    format: { sampleRate: sampleRateHz, channels: channelCount },
    seconds: undefined,
    async *blocks() {
      const recorder = await startRecorder(name);
      stopping.signal.addEventListener("abort", () => recorder.stop());
      if (stopping.signal.aborted) recorder.stop();
      try {
        yield* pcmBlocks(recorder.samples);
        await recorder.ended;
      } finally {
        // Where the capture failed: nobody else would end the recording.
        recorder.stop();
      }
    },
    stop: () => stopping.abort(),
  };
}

async function* pcmBlocks(stream: Readable): AsyncGenerator<Int16Array> {
  let odd: Buffer = Buffer.alloc(0);
  for await (const data of stream as AsyncIterable<Buffer>) {
    const bytes = odd.length > 0 ? Buffer.concat([odd, data]) : data;
    const samples = Math.floor(bytes.length / 2);
    odd = bytes.subarray(samples * 2);
    const block = new Int16Array(samples);
    for (let i = 0; i < samples; i += 1) block[i] = bytes.readInt16LE(i * 2);
    yield block;
  }
}
