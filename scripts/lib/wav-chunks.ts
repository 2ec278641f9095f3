/**
 * A WAV file as the chunks of the wire: 16 kHz mono s16le seconds, the last one filled up with silence.
 *
 * Takes what wavefile reads: RIFF, RIFX and RF64; PCM of 8 to 32 bits, float of 32 and 64, A-law, µ-law,
 * IMA ADPCM; any rate and number of channels. Channels are averaged, other rates resampled. A file that is
 * 16 kHz mono s16 already is passed on byte for byte. The whole file is held in memory.
 */
// oxlint-disable-next-line import/default -- a CommonJS bundle: Node gives all of it as the default export.
import wavefile from "wavefile";
import * as z from "zod";
import { bytesPerSample, chunkBytes, sampleRateHz } from "../../schemas/audio.ts";
import { Failure } from "./failure.ts";

export interface WavChunks {
  /** One entry a second: chunk `seq` is `chunks[seq - 1]`. */
  readonly chunks: readonly Uint8Array<ArrayBuffer>[];
  /** Samples of silence at the end of the last chunk. */
  readonly paddingSamples: number;
}

const formatSchema = z.object({ numChannels: z.int().min(1), sampleRate: z.int().min(1) });
const dataSchema = z.object({ samples: z.instanceof(Uint8Array) });
// oxlint-disable-next-line import/no-named-as-default-member -- see the import.
const { WaveFile } = wavefile;
type Wav = InstanceType<typeof WaveFile>;

/**
 * @param name of the file, for messages.
 * @throws Failure when the bytes are no WAV that can be read, or hold no sample.
 */
export function readWavChunks(file: Uint8Array, name: string): WavChunks {
  let pcm: Uint8Array;
  try {
    pcm = toPcm(new WaveFile(file));
  } catch (cause) {
    throw new Failure(
      `${name} is not a WAV file that can be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
  if (pcm.byteLength === 0) throw new Failure(`${name} is a WAV file without a sample in it.`);
  return splitPcm(pcm);
}

/** Cuts s16le into seconds and fills up the last one. */
export function splitPcm(pcm: Uint8Array): WavChunks {
  const count = Math.ceil(pcm.byteLength / chunkBytes);
  const chunks = Array.from({ length: count }, (_, index) => {
    const chunk = new Uint8Array(chunkBytes);
    chunk.set(pcm.subarray(index * chunkBytes, (index + 1) * chunkBytes));
    return chunk;
  });
  return { chunks, paddingSamples: (count * chunkBytes - pcm.byteLength) / bytesPerSample };
}

function toPcm(wav: Wav): Uint8Array {
  const { numChannels, sampleRate } = formatSchema.parse(wav.fmt);
  const isWireFormat = wav.bitDepth === "16" && numChannels === 1 && sampleRate === sampleRateHz;
  if (isWireFormat && wav.container !== "RIFX") return pcmOf(wav);
  decompress(wav);
  // 16 bits all the way: wavefile takes seconds to pack a minute of floats, and a rounding more is inaudible.
  if (wav.bitDepth !== "16") wav.toBitDepth("16");
  const mono = new WaveFile();
  mono.fromScratch(1, sampleRate, "16", mixDown(wav.getSamples(true, Int16Array), numChannels));
  if (sampleRate !== sampleRateHz) mono.toSampleRate(sampleRateHz);
  return pcmOf(mono);
}

/** The bytes of a 16-bit little-endian file, whole samples only. */
function pcmOf(wav: Wav): Uint8Array {
  const { samples } = dataSchema.parse(wav.data);
  return samples.subarray(0, samples.byteLength - (samples.byteLength % bytesPerSample));
}

function decompress(wav: Wav): void {
  if (wav.bitDepth === "8a") wav.fromALaw();
  else if (wav.bitDepth === "8m") wav.fromMuLaw();
  else if (wav.bitDepth === "4") wav.fromIMAADPCM();
}

function mixDown(interleaved: ArrayLike<number>, channels: number): ArrayLike<number> {
  if (channels === 1) return interleaved;
  const mono = new Int16Array(Math.floor(interleaved.length / channels));
  for (let at = 0; at < mono.length; at += 1) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel += 1) sum += interleaved[at * channels + channel] ?? 0;
    mono[at] = Math.round(sum / channels);
  }
  return mono;
}
