/**
 * Whether samples without a header are what they were said to be (s16le, so many channels). Sound is smooth: from one sample to the next
 * it changes by little of what it is. Bytes that are read in another way than they were written are not, so that a way in which they
 * are smooth, where s16le makes noise of them, is how they were meant. Noise itself is smooth in no way, and is believed. Pure.
 */
import type { PcmBlock } from "../../capture/pcm-block.ts";
import { decodeSamples, type SampleLayout } from "./wav-samples.ts";

interface Reading {
  /** For people. */
  readonly name: string;
  readonly layout: SampleLayout;
}

const reading = (
  name: string,
  encoding: SampleLayout["encoding"],
  sampleBytes: number,
  isLittleEndian = true,
): Reading => ({ name, layout: { encoding, sampleBytes, isLittleEndian } });

const asSaid = reading("16-bit samples (s16le)", "pcm", 2).layout;
const others: readonly Reading[] = [
  reading("32-bit float samples (f32le)", "float", 4),
  reading("64-bit float samples (f64le)", "float", 8),
  reading("32-bit float samples of the other byte order (f32be)", "float", 4, false),
  reading("16-bit samples of the other byte order (s16be)", "pcm", 2, false),
  reading("24-bit samples (s24le)", "pcm", 3),
  reading("24-bit samples of the other byte order (s24be)", "pcm", 3, false),
  reading("32-bit samples (s32le)", "pcm", 4),
  reading("32-bit samples of the other byte order (s32be)", "pcm", 4, false),
  reading("8-bit samples (u8)", "pcm", 1),
  reading("µ-law samples (mulaw)", "mu-law", 1),
  reading("A-law samples (alaw)", "a-law", 1),
];

/** A look is taken at so many bytes: a multiple of every width, for two channels too. */
export const lookBytes = 1_920;
/** The other way must be so smooth, and so many times smoother than s16le. */
const smooth = 0.45;
const smoother = 5;
/** A look with fewer different values decides nothing: a steady tone has few, and is smooth in whichever format it is read. */
const leastValues = 24;
/** No sound in floats reaches beyond it. */
const maxFloat = 8;
/** Of two steps between samples that take turns the smaller one, where every second step is one between channels that are alike. */
const alikeShare = 1 / 8;

/** What a look shows. `otherwise`: it is noise as s16le, and sound as something else. */
export type RawLook =
  | { readonly is: "as_said" | "unclear" | "two_channels" | "one_channel" }
  | { readonly is: "otherwise"; readonly name: string };

/** @param bytes `lookBytes` of them, from the beginning of a sample frame on. */
export function lookAtRaw(bytes: Uint8Array, channels: number): RawLook {
  const said = decodeSamples(bytes, asSaid);
  const roughness = roughnessOf(said, channels);
  if (roughness === undefined) return { is: "unclear" };
  let best: { readonly name: string; readonly roughness: number } | undefined;
  for (const { name, layout } of others) {
    const samples = decodeSamples(bytes, layout);
    const found = isSound(samples, layout) ? roughnessOf(samples, channels) : undefined;
    if (found === undefined || found > (best?.roughness ?? smooth) || found * smoother > roughness) continue;
    if (layout.encoding === "pcm" && layout.sampleBytes === 4 && !hasEvenBytes(bytes, layout.isLittleEndian)) continue;
    best = { name, roughness: found };
  }
  if (best) return { is: "otherwise", name: best.name };
  if (channels === 1 && isTwoChannels(said, roughness)) return { is: "two_channels" };
  if (channels === 2 && isOneChannel(said)) return { is: "one_channel" };
  return { is: roughness <= smooth ? "as_said" : "unclear" };
}

/** 0 of what does not change, 2 of white noise. Undefined where there are too few values to say. */
function roughnessOf(samples: PcmBlock, lag: number): number | undefined {
  if (new Set(samples).size < leastValues) return undefined;
  let sum = 0;
  for (const value of samples) sum += value;
  const mean = sum / samples.length;
  let power = 0;
  let change = 0;
  for (let i = lag; i < samples.length; i += 1) {
    const value = samples[i] ?? 0;
    power += (value - mean) ** 2;
    change += (value - (samples[i - lag] ?? 0)) ** 2;
  }
  return power === 0 ? undefined : change / power;
}

function isSound(samples: PcmBlock, { encoding }: SampleLayout): boolean {
  if (encoding !== "float") return true;
  return samples.every(isLevel);
}

const isLevel = (value: number): boolean => value === 0 || (Math.abs(value) >= 1e-12 && Math.abs(value) <= maxFloat);

/**
 * Every second 16-bit sample of high tones may be smooth too. But the lower half of 32 bits is spread evenly, or nothing.
 */
function hasEvenBytes(bytes: Uint8Array, isLittleEndian: boolean): boolean {
  const quarters = [0, 0, 0, 0];
  let used = 0;
  for (let at = 0; at + 4 <= bytes.length; at += 4) {
    const byte = bytes[at + (isLittleEndian ? 1 : 2)] ?? 0;
    quarters[byte >> 6] = (quarters[byte >> 6] ?? 0) + 1;
    if (byte !== 0 || bytes[at + (isLittleEndian ? 0 : 3)] !== 0) used += 1;
  }
  const count = Math.floor(bytes.length / 4);
  return used === 0 || quarters.every((each) => Math.abs(each / count - 0.25) < 0.08);
}

/** Of one channel a sample is as near to the one before as to the one behind. */
function isTwoChannels(samples: PcmBlock, roughness: number): boolean {
  const [within, across] = steps(samples);
  const areAlike = roughness < 1.2 && Math.min(within, across) < Math.max(within, across) * alikeShare;
  // Tones near half the rate alone are as near to the one before the last, and those are rough beyond noise.
  const apart = roughnessOf(samples, 2) ?? 2;
  return areAlike || (roughness > 0.35 && roughness < 2.8 && apart < 0.3 && apart * 4 < roughness);
}

/** The second channel lies midway between the first one's samples. */
function isOneChannel(samples: PcmBlock): boolean {
  const [within, across] = steps(samples);
  let beside = 0;
  for (let i = 1; i + 1 < samples.length; i += 2)
    beside += ((samples[i] ?? 0) - ((samples[i - 1] ?? 0) + (samples[i + 1] ?? 0)) / 2) ** 2;
  return within > 0 && Math.abs(within - across) < within * 0.15 && beside < within * 0.2;
}

/** Change from each even sample to the next, and from each odd one. */
function steps(samples: PcmBlock): readonly [within: number, across: number] {
  const sums: [number, number] = [0, 0];
  for (let i = 0; i + 2 < samples.length; i += 2) {
    sums[0] += ((samples[i + 1] ?? 0) - (samples[i] ?? 0)) ** 2;
    sums[1] += ((samples[i + 2] ?? 0) - (samples[i + 1] ?? 0)) ** 2;
  }
  return sums;
}
