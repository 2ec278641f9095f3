/**
 * A file that a person gave a page, as samples: WAV files of any length, read second by second, and whatever else the browser
 * can decode, which it does as a whole. What can't be read is refused with a sentence for the person.
 */
import type { PcmBlock, PcmFormat } from "../capture/pcm-framer.ts";
import { decodeSamples } from "../node/wav/wav-samples.ts";
import { parseWavHead, type WavHead } from "./wav-head.ts";

/** A sentence for the person who gave the file. */
export class AudioFileError extends Error {
  override readonly name = "AudioFileError";
}

export interface AudioFile {
  /** Of the blocks. */
  readonly format: PcmFormat;
  readonly durationMs: number;
  /** What the file says of itself and is not, as a sentence for the person. */
  readonly warning?: string | undefined;
  /** A second at a time. @param skipSeconds are passed over. */
  blocks(skipSeconds?: number): AsyncGenerator<PcmBlock>;
}

/** All that is before the samples, as far as anybody writes it. */
const maxHeadBytes = 1_048_576;
/** Of a file that is decoded as a whole: its samples take some twenty times as much memory. */
const maxDecodedBytes = 80_000_000;
/** Decoded at what the room takes: nothing is resampled twice. */
const decodedRate = 16_000;

/** @throws AudioFileError. */
export async function openAudioFile(file: Blob): Promise<AudioFile> {
  if (file.size === 0) throw new AudioFileError("The file is empty.");
  const head = parseWavHead(new DataView(await file.slice(0, maxHeadBytes).arrayBuffer()), file.size);
  return head ? wavFile(file, head) : decodedFile(file);
}

function wavFile(file: Blob, head: WavHead): AudioFile {
  const { format, dataAt, dataBytes } = head;
  const frameBytes = head.sampleBytes * format.channels;
  const secondBytes = frameBytes * format.sampleRate;
  return {
    format,
    durationMs: (dataBytes / secondBytes) * 1_000,
    warning: head.warning,
    async *blocks(skipSeconds = 0) {
      const end = dataAt + dataBytes;
      for (let at = dataAt + skipSeconds * secondBytes; at < end; at += secondBytes) {
        const bytes = new Uint8Array(await file.slice(at, Math.min(end, at + secondBytes)).arrayBuffer());
        yield decodeSamples(bytes.subarray(0, bytes.length - (bytes.length % frameBytes)), head);
      }
    },
  };
}

async function decodedFile(file: Blob): Promise<AudioFile> {
  if (file.size > maxDecodedBytes)
    throw new AudioFileError(
      "A file so large can't be decoded in a browser. Convert it to WAV, which is read piece by piece.",
    );
  const decoded = await decode(await file.arrayBuffer());
  const channels = Array.from({ length: decoded.numberOfChannels }, (_, channel) => decoded.getChannelData(channel));
  return {
    format: { sampleRate: decodedRate, channels: channels.length },
    durationMs: decoded.duration * 1_000,
    // Nothing is waited for, and whoever reads must not care.
    // oxlint-disable-next-line typescript/require-await
    async *blocks(skipSeconds = 0) {
      for (let at = skipSeconds * decodedRate; at < decoded.length; at += decodedRate)
        yield interleaved(channels.map((samples) => samples.subarray(at, at + decodedRate)));
    },
  };
}

async function decode(bytes: ArrayBuffer): Promise<AudioBuffer> {
  try {
    return await new OfflineAudioContext(1, 1, decodedRate).decodeAudioData(bytes);
  } catch (cause) {
    throw new AudioFileError("This browser finds no audio that it can decode in the file.", { cause });
  }
}

/** Averaged by the capture, which says where they cancel each other out. */
function interleaved(channels: readonly Float32Array[]): Float32Array {
  const [first = new Float32Array()] = channels;
  const block = new Float32Array(first.length * channels.length);
  for (const [channel, samples] of channels.entries())
    for (const [i, sample] of samples.entries()) block[i * channels.length + channel] = sample;
  return block;
}
