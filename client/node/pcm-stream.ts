/** Samples that come over a stream: raw s16le, or a WAV file. Bytes are taken as blocks are asked for, and may be cut anywhere. */
import type { PcmBlock, PcmFormat } from "../capture/pcm-framer.ts";
import { audioKindOf, compressedName, kindBytes } from "./wav/audio-kind.ts";
import { StreamBytes } from "./wav/byte-source.ts";
import { RawWatch } from "./wav/raw-watch.ts";
import { WavError } from "./wav/wav-header.ts";
import { openWavStream } from "./wav/wav-reader.ts";
import { decodeSamples } from "./wav/wav-samples.ts";

export interface PcmStream {
  readonly format: PcmFormat;
  /** Sentences for the person: more may come with each block. */
  readonly warnings: readonly string[];
  /** To be read once, from wherever the stream is. */
  blocks(): AsyncGenerator<PcmBlock>;
}

/**
 * Waits for the first bytes: what begins as a WAV file does is read as one.
 *
 * @param rawFormat of samples without a header.
 * @throws WavError for what is another kind of file, or samples of another sort. `blocks` throws it too, where that shows later.
 */
export async function openPcmStream(stream: AsyncIterable<Buffer>, rawFormat: PcmFormat): Promise<PcmStream> {
  const bytes = new StreamBytes(stream);
  const head = await bytes.peek(kindBytes);
  const kind = audioKindOf(head, true);
  const warnings: string[] = [];
  if (!kind) {
    const { channels } = rawFormat;
    const found = new RawWatch(channels).take(head);
    if (found && "refuse" in found) throw new WavError(compressedName(await bytes.peek(pageBytes)) ?? found.refuse);
    return { format: rawFormat, warnings, blocks: () => rawBlocks(bytes, channels, warnings, new RawWatch(channels)) };
  }
  if (!kind.isWav) throw new WavError(kind.name);
  const wav = await openWavStream(bytes);
  return { format: wav.format, warnings: wav.warnings, blocks: () => wav.blocks(0) };
}

/** Raw s16le, as it arrives. */
export function pcmBlocks(stream: AsyncIterable<Buffer>): AsyncGenerator<PcmBlock> {
  return rawBlocks(new StreamBytes(stream), 1, []);
}

const maxBlockBytes = 65_536;
/** No page of compressed audio is longer. */
const pageBytes = 65_536;

async function* rawBlocks(
  stream: StreamBytes,
  channels: number,
  warnings: string[],
  watch?: RawWatch,
): AsyncGenerator<PcmBlock> {
  let total = 0;
  for (let odd = Buffer.alloc(0); ;) {
    const read = await stream.readSome(maxBlockBytes);
    total += read.length;
    const found = read.length === 0 ? watch?.end() : watch?.take(read);
    if (found && "refuse" in found)
      throw new WavError(`${found.refuse}, as shows by byte ${total}; what came before was taken for samples`);
    if (found) warnings.push(found.warn);
    if (read.length === 0) {
      const over = total % (2 * channels);
      if (over > 0)
        warnings.push(
          `The last ${over} bytes are no whole sample of ${channels === 1 ? "16 bits" : `${channels} channels`}: were --channels and s16le right?`,
        );
      return;
    }
    const bytes = odd.length > 0 ? Buffer.concat([odd, read]) : read;
    const whole = bytes.length - (bytes.length % 2);
    odd = Buffer.from(bytes.subarray(whole));
    yield decodeSamples(bytes.subarray(0, whole), { encoding: "pcm", sampleBytes: 2, isLittleEndian: true });
  }
}
