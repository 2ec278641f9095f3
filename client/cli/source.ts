/** Where a capture's samples come from: a WAV file, stdin (raw s16le, or a WAV file too), or a device. */
import { stat } from "node:fs/promises";
import type { Readable } from "node:stream";
import { openPcmStream, openWavFile, type PcmBlock, pcmBlocks, type PcmFormat, WavError } from "@roomtone/client/node";
import { channelCount, sampleRateHz } from "../../schemas/wire/audio.ts";
import { conversionHint } from "./conversion-hint.ts";
import { startRecorder } from "./recorder.ts";
import { UsageError } from "./usage-error.ts";

export interface Source {
  readonly format: PcmFormat;
  /** What tells it from other sources; a stream can be no more than a stream. */
  readonly identity: string;
  /** Whole and begun seconds in all; undefined where that is not known before the end. */
  readonly seconds: number | undefined;
  /** @param skipSeconds leave these out: an earlier run has them. A stream can't: it goes on from where it is. */
  blocks(skipSeconds: number): AsyncIterable<PcmBlock>;
  /** What turns out while it is read, as sentences: more may come with each block, and at its end. */
  readonly laterWarnings?: readonly string[];
  /** Ends a source that would go on for ever; what it gave before still comes. */
  readonly stop?: () => void;
}

/** A file has its place: after a crash it goes on at the second where the last run stopped. */
export async function openWavSource(path: string): Promise<Source> {
  try {
    await checkIsFile(path);
    const wav = await openWavFile(path);
    for (const warning of wav.warnings) console.error(`${path}: ${warning}`);
    return { ...wav, identity: await wav.identity() };
  } catch (cause) {
    if (cause instanceof UsageError) throw cause;
    if (cause instanceof WavError) throw new UsageError(`${path} is ${cause.message}. ${conversionHint(path)}`);
    throw new UsageError(`${path} can't be read: ${readFault(cause)}.`);
  }
}

/** What the system says of a file, for people. */
const readFaults: Readonly<Record<string, string>> = {
  ENOENT: "there is no such file",
  ENOTDIR: "there is no such file",
  EACCES: "you may not read it",
  EPERM: "you may not read it",
  ENAMETOOLONG: "its name is too long",
  ELOOP: "its path leads in a circle",
  EIO: "the disk fails",
};

function readFault(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return ("code" in cause ? readFaults[String(cause.code)] : undefined) ?? cause.message;
}

/** @throws UsageError for what is there and is no file. */
async function checkIsFile(path: string): Promise<void> {
  const found = await stat(path);
  if (found.isDirectory()) throw new UsageError(`${path} is a folder. Give one WAV file of it.`);
  if (!found.isFile())
    throw new UsageError(`${path} is a pipe or a device, no file. Give it as stdin: … capture - < ${path}`);
}

/** Raw samples; but what begins as a WAV file does is read as one, and what begins as another kind of file is refused. */
export async function openStdinSource(stdin: Readable, format: PcmFormat): Promise<Source> {
  try {
    // A stream goes on from where it is: nothing is skipped.
    const stream = await openPcmStream(stdin, format);
    return { ...stream, identity: "stdin", seconds: undefined, laterWarnings: stream.warnings };
  } catch (cause) {
    if (cause instanceof WavError)
      throw new UsageError(`What comes on stdin is ${cause.message}. ${conversionHint("-")}`);
    throw cause;
  }
}

/** Records from when `blocks` is first read until `stop`. @param name of the device; undefined for the default. */
export function openDeviceSource(name: string | undefined): Source {
  const stopping = new AbortController();
  return {
    identity: "device",
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
