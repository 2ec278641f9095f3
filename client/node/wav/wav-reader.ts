/**
 * WAV files of any length in the memory of a second: from a file, which can go on at any second, or from a stream.
 * What can't be decoded for certain is refused by its name; what was left out or looks cut short is said in `warnings`.
 */
import { createHash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import type { PcmBlock, PcmFormat } from "../../capture/pcm-framer.ts";
import { scaleFault, wrongScaleOf } from "../../capture/pcm-block.ts";
import { audioKindOf, kindBytes } from "./audio-kind.ts";
import { type ByteSource, FileBytes, type StreamBytes } from "./byte-source.ts";
import { readWavHeader, WavError, type WavHeader } from "./wav-header.ts";
import { decodeSamples } from "./wav-samples.ts";

export interface WavInput {
  readonly format: PcmFormat;
  /** Sentences for the person: what the header says and the input has not. Of a stream, they come with its last block. */
  readonly warnings: readonly string[];
  /** Second by second. @param skipSeconds are passed over. */
  blocks(skipSeconds: number): AsyncGenerator<PcmBlock>;
}

export interface WavFile extends WavInput {
  /** Begun seconds in all. */
  readonly seconds: number;
  /** What tells it from other files: its size, and hashes of its first second and of the whole (of a large file: of parts all over it). */
  identity(): Promise<string>;
}

/** Opens it, reads its header and closes it again: each reading of `blocks` opens it anew. @throws WavError. */
export async function openWavFile(path: string): Promise<WavFile> {
  const { header, dataAt, available, isLonger } = await withFile(path, inspect);
  const frameBytes = header.sampleBytes * header.format.channels;
  const claimed = header.dataBytes ?? available;
  const frames = Math.floor(Math.min(claimed, available) / frameBytes);
  const { sampleRate } = header.format;
  return {
    format: header.format,
    seconds: Math.ceil(frames / sampleRate),
    warnings: warningsOf(header, available, frames / sampleRate, isLonger),
    identity: () => withFile(path, (file) => identityOf(file, dataAt, sampleRate * frameBytes)),
    async *blocks(skipSeconds) {
      const file = await open(path, "r");
      try {
        const { size } = await file.stat();
        const bytes = new FileBytes(file, size);
        await bytes.skip(dataAt + skipSeconds * sampleRate * frameBytes);
        const left = Math.max(0, frames - skipSeconds * sampleRate) * frameBytes;
        const missing = yield* samples(bytes, header, left);
        if (missing > 0)
          throw new WavError("a file that was cut while it was read: what it had up to there was captured");
        // What says how long it is was true when it was opened.
        if ((await file.stat()).size > size && header.dataBytes === undefined)
          throw new WavError("a file that is still being written: capture it when it is whole, or pipe it");
      } finally {
        await file.close();
      }
    },
  };
}

async function statedHeader(bytes: StreamBytes): Promise<WavHeader> {
  const stated = await readWavHeader(bytes);
  // Only then is what follows waited for.
  return stated.dataBytes === 0 ? withoutStaleZero(stated, await bytes.peek(tailBytes)) : stated;
}

/** A WAV file that comes over a stream. Nothing of it was read yet. @throws WavError. */
export async function openWavStream(bytes: StreamBytes): Promise<WavInput> {
  const header = await statedHeader(bytes);
  const frameBytes = header.sampleBytes * header.format.channels;
  const warnings: string[] = [];
  return {
    format: header.format,
    warnings,
    async *blocks(skipSeconds) {
      const skipped = await bytes.skip(skipSeconds * header.format.sampleRate * frameBytes);
      const left = header.dataBytes === undefined ? Number.POSITIVE_INFINITY : header.dataBytes - skipped;
      const missing = yield* samples(bytes, header, Math.max(0, left));
      if (header.dataBytes === undefined) return;
      if (missing > 0)
        warnings.push(
          `It is cut short: its header promises ${header.dataBytes} bytes of audio, and ${missing} did not come.`,
        );
      // What is behind the samples is read: whoever writes it must not be cut off.
      const rest = await bytes.peek(tailBytes);
      if (isAudioBehind(rest.subarray(header.dataBytes % 2), leftOf(rest)))
        warnings.push(
          "More came behind the audio that its header tells of, and was left out: several files, or a wrong header.",
        );
    },
  };
}

/** Up to this size a file is hashed as a whole. */
const wholeHashBytes = 64 * 2 ** 20;
const partBytes = 4_096;
const parts = 4_096;

/** Two recordings of one length may both begin with a second of silence: what comes later counts as well. */
async function identityOf(file: FileHandle, dataAt: number, secondBytes: number): Promise<string> {
  const { size } = await file.stat();
  const first = new FileBytes(file, size);
  await first.skip(dataAt);
  const firstSecond = createHash("sha256").update(await first.read(secondBytes));
  const all = createHash("sha256");
  const bytes = new FileBytes(file, size);
  const strideBytes = size <= wholeHashBytes ? partBytes : Math.floor(size / parts);
  for (;;) {
    const part = await bytes.read(size <= wholeHashBytes ? 2 ** 20 : partBytes);
    if (part.length === 0) break;
    all.update(part);
    if (size > wholeHashBytes) await bytes.skip(strideBytes - partBytes);
  }
  return `file:${size}:${firstSecond.digest("hex")}:${all.digest("hex")}`;
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
  /** Whether what is behind the samples looks like more of them. */
  readonly isLonger: boolean;
}

/** Enough of what is behind the samples to see what it is. */
const tailBytes = 65_536;

/**
 * Whether bytes behind the samples are none of the chunks that WAV files have there: a stale size, another file, more samples.
 *
 * @param left how many there are, of which `tail` may be the first.
 */
function isAudioBehind(tail: Buffer, left: number): boolean {
  let at = 0;
  while (at + 8 <= tail.length) {
    const name = tail.toString("latin1", at, at + 4);
    const size = tail.readUInt32LE(at + 4);
    const next = at + 8 + size;
    // Samples may look like a name; then what would be its length reaches beyond the end.
    if (!/^[\x20-\x7e]{4}$/.test(name) || /^(RIFF|RIFX|RF64|BW64|data)$/.test(name) || next > left)
      return tail.subarray(at).some((byte) => byte !== 0);
    at = next + (size % 2);
  }
  return at < tail.length && tail.length < left;
}

/** Of what is behind the samples of a stream no more is known. */
const leftOf = (tail: Buffer): number => (tail.length < tailBytes ? tail.length : Infinity);

/** A recorder that was killed may have counted its file and not its samples. @param header says 0. @param behind what comes behind it. */
function withoutStaleZero(header: WavHeader, behind: Buffer): WavHeader {
  return isAudioBehind(behind, leftOf(behind)) ? { ...header, dataBytes: undefined } : header;
}

async function bytesAt(file: FileHandle, size: number, at: number): Promise<Buffer> {
  const bytes = new FileBytes(file, size);
  await bytes.skip(at);
  return bytes.read(tailBytes);
}

async function inspect(file: FileHandle): Promise<Inspected> {
  const stat = await file.stat();
  if (!stat.isFile()) throw new WavError("no file that can be read");
  const head = await new FileBytes(file, stat.size).read(kindBytes);
  const kind = audioKindOf(head, false);
  if (!kind?.isWav) throw new WavError(kind?.name ?? (stat.size === 0 ? "an empty file" : "not a WAV file"));
  const bytes = new FileBytes(file, stat.size);
  const stated = await readWavHeader(bytes);
  const dataAt = stat.size - bytes.left;
  const available = bytes.left;
  const header = stated.dataBytes === 0 ? withoutStaleZero(stated, await bytesAt(file, stat.size, dataAt)) : stated;
  const { dataBytes } = header;
  await bytes.skip((dataBytes ?? available) + ((dataBytes ?? 0) % 2));
  const { left } = bytes;
  const isLonger = header.isLittleEndian && isAudioBehind(await bytes.read(tailBytes), left);
  return { header, dataAt, available, isLonger };
}

function warningsOf({ dataBytes }: WavHeader, available: number, seconds: number, isLonger: boolean): string[] {
  const told = `${seconds.toFixed(1)} s are read`;
  if (dataBytes === undefined && available > 0)
    return [`The file's writer never said how much audio there is, as when a recorder is killed: ${told}, to its end.`];
  if (dataBytes !== undefined && dataBytes > available)
    return [`The file is cut short: its header promises ${dataBytes} bytes of audio and it has ${available}: ${told}.`];
  if (dataBytes !== undefined && isLonger)
    return [
      `The file has more than its header tells of (${available - dataBytes} bytes behind its audio), as when a recorder is killed: ${told}. ` +
        "To have the rest, make its header anew (ffmpeg -ignore_length 1 -i …).",
    ];
  return [];
}

/** Up to `left` bytes as blocks of a second. Half a sample frame at the end is no sound and is left out. @returns bytes that did not come. */
async function* samples(bytes: ByteSource, header: WavHeader, left: number): AsyncGenerator<PcmBlock, number> {
  const frameBytes = header.sampleBytes * header.format.channels;
  const secondBytes = header.format.sampleRate * frameBytes;
  let rest = left;
  while (rest >= frameBytes) {
    const wanted = Math.min(secondBytes, rest);
    const read = await bytes.read(wanted);
    const whole = read.length - (read.length % frameBytes);
    if (whole > 0) yield atFullScale(decodeSamples(read.subarray(0, whole), header));
    rest -= read.length;
    if (read.length < wanted) return rest;
  }
  return 0;
}

/** @throws WavError for what no player would play as sound. */
function atFullScale(block: PcmBlock): PcmBlock {
  const reach = wrongScaleOf(block);
  if (reach === undefined) return block;
  throw new WavError(`a WAV file of ${scaleFault(reach)}: write it as 16-bit PCM, or divide what it holds by 32768`);
}
