/** Sounds that a resolver takes for speech, of two throats that nobody could mix up. */
import { sampleRateHz } from "../../schemas/wire/audio.ts";

interface Throat {
  readonly pitchHz: number;
  /** Where it resounds. */
  readonly formantsHz: readonly number[];
}

export const lowVoice: Throat = { pitchHz: 105, formantsHz: [650, 1_050] };
export const highVoice: Throat = { pitchHz: 210, formantsHz: [320, 2_700] };

const bandwidthHz = 120;
/** Five syllables a second, each with its quiet end, the pitch wandering with them. */
const syllableHz = 5;

/** @returns as loud as speech near a microphone. */
export function speak({ pitchHz, formantsHz }: Throat, seconds: number): Int16Array {
  const length = Math.round(seconds * sampleRateHz);
  let sound = new Float64Array(length);
  let phase = 0;
  for (let i = 0; i < length; i++) {
    const syllable = Math.sin((2 * Math.PI * syllableHz * i) / sampleRateHz);
    phase += (pitchHz * (1 + 0.05 * syllable)) / sampleRateHz;
    // A pulse a period, as vocal folds give.
    sound[i] = phase >= 1 ? 0.51 + 0.49 * syllable : 0;
    phase %= 1;
  }
  for (const hz of formantsHz) sound = resonate(sound, hz);
  const peak = sound.reduce((highest, value) => Math.max(highest, Math.abs(value)), 0);
  return Int16Array.from(sound, (value) => Math.round((value / peak) * 12_000));
}

export function pause(seconds: number): Int16Array {
  return new Int16Array(Math.round(seconds * sampleRateHz));
}

export function inTurn(...sounds: readonly Int16Array[]): Int16Array {
  return Int16Array.from(sounds.flatMap((sound) => [...sound]));
}

/** A resonator of two poles. */
function resonate(sound: Float64Array, hz: number): Float64Array<ArrayBuffer> {
  const radius = Math.exp((-Math.PI * bandwidthHz) / sampleRateHz);
  const turn = 2 * radius * Math.cos((2 * Math.PI * hz) / sampleRateHz);
  const out = new Float64Array(sound.length);
  for (let i = 0; i < sound.length; i++)
    out[i] = (sound[i] ?? 0) + turn * (out[i - 1] ?? 0) - radius * radius * (out[i - 2] ?? 0);
  return out;
}
