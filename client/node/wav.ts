/**
 * A WAV file as samples. Takes what wavefile reads: RIFF, RIFX and RF64; PCM of 8 to 32 bits, float of 32 and
 * 64, A-law, µ-law, IMA ADPCM; any rate and number of channels. The whole file is held in memory.
 */
// oxlint-disable-next-line import/default -- a CommonJS bundle: Node gives all of it as the default export.
import wavefile from "wavefile";
import * as z from "zod";
import type { PcmBlock, PcmFormat } from "../capture/pcm-framer.ts";

export class WavError extends Error {
  override readonly name = "WavError";
}

const formatSchema = z.object({ numChannels: z.int().min(1), sampleRate: z.int().min(1) });
// oxlint-disable-next-line import/no-named-as-default-member -- see the import.
const { WaveFile } = wavefile;
type Wav = InstanceType<typeof WaveFile>;

/** Interleaved samples, Int16 for files of up to 16 bits, Float32 beyond. Throws WavError for what is no WAV. */
export function readWav(file: Uint8Array): { format: PcmFormat; samples: PcmBlock } {
  try {
    const wav = new WaveFile(file);
    const { numChannels, sampleRate } = formatSchema.parse(wav.fmt);
    return { format: { sampleRate, channels: numChannels }, samples: samplesOf(wav) };
  } catch (cause) {
    throw new WavError(`not a WAV file that can be read: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
}

function samplesOf(wav: Wav): PcmBlock {
  if (wav.bitDepth === "8a") wav.fromALaw();
  else if (wav.bitDepth === "8m") wav.fromMuLaw();
  else if (wav.bitDepth === "4") wav.fromIMAADPCM();
  if (wav.bitDepth === "8") wav.toBitDepth("16");
  const values = wav.getSamples(true, Float64Array);
  if (wav.bitDepth === "16") return Int16Array.from(values);
  const fullScale = /^(32f|64)$/.test(wav.bitDepth) ? 1 : 2 ** (Number(wav.bitDepth) - 1);
  return Float32Array.from(values, (value) => value / fullScale);
}
