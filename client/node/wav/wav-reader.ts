/**
 * WAV files of any length in the memory of a second: from a file, which can go on at any second, or from a stream.
 * What can't be decoded for certain is refused by its name; what was left out or looks cut short is said in `warnings`.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { PcmBlock, PcmFormat } from "../../capture/pcm-framer.ts";
import { audioKindOf, kindBytes } from "./audio-kind.ts";
import { type ByteSource, FileBytes, type StreamBytes } from "./byte-source.ts";
import { readWavHeader, WavError, type WavHeader } from "./wav-header.ts";
import { decodeSamples } from "./wav-samples.ts";

export interface WavInput {
  readonly format: PcmFormat;
  /** Sentences for the person: what the header says and the file has not. */
  readonly warnings: readonly string[];
  /** Second by second. @param skipSeconds are passed over. */
  blocks(skipSeconds: number): AsyncGenerator<PcmBlock>;
}

export interface WavFile extends WavInput {
  /** Begun seconds in all. */
  readonly seconds: number;
  /** What tells it from other files: its size, and the hash of its first second. */
  identity(): Promise<string>;
}

/** Opens it, reads its header and closes it again: each reading of `blocks` opens it anew. @throws WavError. */
export async function openWavFile(path: string): Promise<WavFile> {
  const { header, dataAt, available } = await withFile(path, inspect);
  const frameBytes = header.sampleBytes * header.format.channels;
  const claimed = header.dataBytes ?? available;
  const frames = Math.floor(Math.min(claimed, available) / frameBytes);
  const { sampleRate } = header.format;
  return {
    format: header.format,
    seconds: Math.ceil(frames / sampleRate),
    warnings: warningsOf(header, available, frames / sampleRate),
    identity: () => withFile(path, (file) => identityOf(file, dataAt, sampleRate * frameBytes)),
    async *blocks(skipSeconds) {
      const file = await open(path, "r");
      try {
        const { size } = await file.stat();
        const bytes = new FileBytes(file, size);
        await bytes.skip(dataAt + skipSeconds * sampleRate * frameBytes);
        yield* samples(bytes, header, Math.max(0, frames - skipSeconds * sampleRate) * frameBytes);
      } finally {
        await file.close();
      }
    },
  };
}

/** A WAV file that comes over a stream. Nothing of it was read yet. @throws WavError. */
export async function openWavStream(bytes: StreamBytes): Promise<WavInput> {
  const header = await readWavHeader(bytes);
  const frameBytes = header.sampleBytes * header.format.channels;
  return {
    format: header.format,
    warnings: [],
    async *blocks(skipSeconds) {
      const skipped = await bytes.skip(skipSeconds * header.format.sampleRate * frameBytes);
      const left = header.dataBytes === undefined ? Number.POSITIVE_INFINITY : header.dataBytes - skipped;
      yield* samples(bytes, header, Math.max(0, left));
    },
  };
}

async function identityOf(file: FileHandle, dataAt: number, secondBytes: number): Promise<string> {
  const { size } = await file.stat();
  const bytes = new FileBytes(file, size);
  await bytes.skip(dataAt);
  return `file:${size}:${createHash("sha256")
    .update(await bytes.read(secondBytes))
    .digest("hex")}`;
}

async function withFile<T>(path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, "r");
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}

interface Inspected {
  readonly header: WavHeader;
  /** Where samples begin, bytes. */
  readonly dataAt: number;
  /** Bytes from there to the end of the file. */
  readonly available: number;
}

async function inspect(file: FileHandle): Promise<Inspected> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new WavError("no file that can be read");
  const head = await new FileBytes(file, stat.size).read(kindBytes);
  const kind = audioKindOf(head, false);
  if (!kind?.isWav) throw new WavError(kind?.name ?? (stat.size === 0 ? "an empty file" : "not a WAV file"));
  const bytes = new FileBytes(file, stat.size);
  const header = await readWavHeader(bytes);
  return { header, dataAt: stat.size - bytes.left, available: bytes.left };
}

function warningsOf({ dataBytes }: WavHeader, available: number, seconds: number): string[] {
  const told = `${seconds.toFixed(1)} s are read`;
  if (dataBytes === undefined && available > 0)
    return [`The file's writer never said how much audio there is, as when a recorder is killed: ${told}, to its end.`];
  if (dataBytes !== undefined && dataBytes > available)
    return [`The file is cut short: its header promises ${dataBytes} bytes of audio and it has ${available}: ${told}.`];
  return [];
}

/** Up to `left` bytes as blocks of a second. Half a sample frame at the end is no sound and is left out. */
async function* samples(bytes: ByteSource, header: WavHeader, left: number): AsyncGenerator<PcmBlock> {
  const frameBytes = header.sampleBytes * header.format.channels;
  const secondBytes = header.format.sampleRate * frameBytes;
  for (let rest = left; rest >= frameBytes;) {
    const read = await bytes.read(Math.min(secondBytes, rest));
    const whole = read.length - (read.length % frameBytes);
    if (whole > 0) yield decodeSamples(read.subarray(0, whole), header);
    if (read.length < Math.min(secondBytes, rest)) return;
    rest -= read.length;
  }
}
