/** Samples of sentences as a body: WAV at the voice's own rate, or PCM at the rate that OpenAI's clients play. */
import { openWavBytes, wavHead } from "../../../schemas/speech/wav-head.ts";
import { Resampler } from "../audio/resampler.ts";
import { voiceRateHz } from "./speaker.ts";

export const speechFormats = ["wav", "pcm"] as const;
export type SpeechFormat = (typeof speechFormats)[number];

/** Of OpenAI's `pcm`. */
export const pcmRateHz = 24_000;

export const speechTypes: Readonly<Record<SpeechFormat, string>> = {
  wav: "audio/wav",
  pcm: `audio/pcm; rate=${pcmRateHz}; channels=1`,
};

/**
 * @param first the first sentence, which was waited for so that a failure is still an answer of its own.
 * @param isAll whether nothing comes after it.
 */
export async function* speechBody(
  format: SpeechFormat,
  first: Uint8Array,
  rest: AsyncGenerator<Uint8Array, void>,
  isAll: boolean,
): AsyncGenerator<Uint8Array, void> {
  if (format === "wav") {
    yield wavHead(isAll ? first.byteLength : openWavBytes, { rateHz: voiceRateHz, channels: 1 });
    yield first;
    yield* rest;
    return;
  }
  const resampler = new Resampler(voiceRateHz, pcmRateHz);
  yield toBytes(resampler.push(toFloats(first)));
  for await (const part of rest) yield toBytes(resampler.push(toFloats(part)));
  yield toBytes(resampler.end());
}

function toFloats(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats = new Float32Array(bytes.byteLength >> 1);
  for (let i = 0; i < floats.length; i++) floats[i] = view.getInt16(2 * i, true) / 32_768;
  return floats;
}

function toBytes(samples: Float32Array): Uint8Array {
  const view = new DataView(new ArrayBuffer(samples.length * 2));
  for (const [i, value] of samples.entries()) {
    view.setInt16(2 * i, Math.max(-32_768, Math.min(32_767, Math.round(value * 32_768))), true);
  }
  return new Uint8Array(view.buffer);
}
