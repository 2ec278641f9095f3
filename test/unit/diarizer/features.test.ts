import { describe, expect, it } from "vitest";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { createVoiceSpace } from "../../../server/shared/diarizer/embedding.ts";
import { extractFeatures } from "../../../server/shared/diarizer/features.ts";
import { hzOfMel, melOfHz } from "../../../server/shared/diarizer/mel.ts";
import { detectSpeech } from "../../../server/shared/diarizer/speech.ts";
import { createAccumulator, emptyStatistics } from "../../../server/shared/diarizer/statistics.ts";
import { trainedModel } from "../../../server/shared/diarizer/trained-model.ts";
import { front } from "../../../server/shared/diarizer/tuning.ts";
import { dot } from "../../../server/shared/diarizer/vectors.ts";
import { excerpt, noise, silence, tone } from "./support/sounds.ts";

describe("features", () => {
  it("has a frame every 10 ms, as long as 25 ms are left", () => {
    expect(extractFeatures(silence(4)).frames).toBe(398);
    expect(extractFeatures(new Int16Array(399)).frames).toBe(0);
    expect(extractFeatures(new Int16Array(400)).frames).toBe(1);
  });

  it("measures level: a full sine is −3.01 dB, half of it 6.02 dB less", () => {
    expect(extractFeatures(tone(0.1, 400, 1)).levelDb[3]).toBeCloseTo(-3.01, 2);
    expect(extractFeatures(tone(0.1, 400, 0.5)).levelDb[3]).toBeCloseTo(-9.03, 2);
    expect(extractFeatures(silence(0.1)).levelDb[3]).toBeCloseTo(-100, 5);
  });

  it("knows 1,000 Hz as 1,000 mel", () => {
    expect(melOfHz(1_000)).toBeCloseTo(1_000, 0);
    expect(hzOfMel(melOfHz(440))).toBeCloseTo(440, 9);
  });

  it("agrees with cepstra computed from their definition", () => {
    const samples = excerpt(2, 2.1);
    const { cepstra } = extractFeatures(samples);
    for (const frame of [0, 4]) {
      const expected = cepstraByDefinition(samples, frame * 160);
      expected.forEach((value, k) => {
        expect(cepstra[frame * front.cepstra + k]).toBeCloseTo(value, 3);
      });
    }
  });

  it("takes a constant offset for no sound: nothing changes with it", () => {
    const voice = excerpt(2, 3);
    const mean = Math.round(voice.reduce((sum, sample) => sum + sample, 0) / voice.length);
    const offset = voice.map((sample) => sample - mean + 9_000);
    expect(extractFeatures(offset)).toEqual(extractFeatures(voice.map((sample) => sample - mean)));
    expect(extractFeatures(new Int16Array(16_000).fill(9_000)).levelDb[3]).toBeCloseTo(-100, 5);
  });

  it("hears pitch in a voice and none in noise", () => {
    expect(meanPeriodicity(tone(1, 120, 0.3))).toBeGreaterThan(0.95);
    expect(meanPeriodicity(noise(1, 0.3))).toBeLessThan(0.4);
    expect(meanPeriodicity(silence(1))).toBe(0);
  });
});

describe("speech", () => {
  it("is not in silence, noise, a tone, or too short a sound", () => {
    expect(spoken(silence(4))).toBe(0);
    expect(spoken(noise(4, 0.2))).toBe(0);
    expect(spoken(tone(4, 440, 0.2))).toBe(0);
    expect(spoken(new Int16Array(10))).toBe(0);
  });

  it("is not in a burst of noise, however loud", () => {
    const samples = silence(4);
    samples.set(noise(0.5, 0.5), 16_000);
    expect(spoken(samples)).toBe(0);
  });

  it("is found where the truth has it, within 50 ms", () => {
    const { runs } = detectSpeech(extractFeatures(excerpt(0, 4)), undefined);
    expect(Math.abs((runs[0]?.start ?? 0) * 10 - 500)).toBeLessThan(50);
    expect(spoken(excerpt(0, 4))).toBeGreaterThan(2.8);
  });

  it("carries a floor that falls at once and rises slowly", () => {
    expect(floorOf(silence(4), -40)).toBe(-90);
    expect(floorOf(noise(4, 0.2), -60)).toBeCloseTo(-58, 1);
    expect(floorOf(new Int16Array(0), -61)).toBe(-61);
  });
});

describe("a voice", () => {
  const space = createVoiceSpace(trainedModel);
  const accumulate = createAccumulator(trainedModel);
  const directionOf = (samples: Int16Array): Float64Array => {
    const features = extractFeatures(samples);
    const statistics = emptyStatistics();
    for (let frame = 0; frame < features.frames; frame++) accumulate(statistics, features.cepstra, frame);
    return space.directionOf(space.voiceOf(statistics), 0) ?? new Float64Array();
  };
  const alice = directionOf(excerpt(1, 5));

  it("is a direction of length 1", () => {
    expect(dot(alice, alice)).toBeCloseTo(1, 9);
    expect(alice).toHaveLength(608);
  });

  it("is the same however loud", () => {
    const quiet = excerpt(1, 5).map((sample) => Math.round(sample / 4));
    expect(dot(alice, directionOf(quiet))).toBeGreaterThan(0.99);
  });

  it("is nearer to itself than to another", () => {
    const aliceLater = directionOf(excerpt(19, 23.5));
    const bob = directionOf(excerpt(7, 12));
    expect(dot(alice, aliceLater)).toBeGreaterThan(0.5);
    expect(dot(alice, bob)).toBeLessThan(0.3);
  });

  it("has no direction without speech", () => {
    expect(space.directionOf(new Float64Array(608), -1)).toBeUndefined();
    expect(space.directionOf(new Float64Array(608).fill(Number.NaN), 0)).toBeUndefined();
  });
});

function meanPeriodicity(samples: Int16Array): number {
  const { periodicity } = extractFeatures(samples);
  return periodicity.reduce((sum, value) => sum + value, 0) / periodicity.length;
}

/** Seconds of speech. */
function spoken(samples: Int16Array): number {
  const { runs } = detectSpeech(extractFeatures(samples), undefined);
  return runs.reduce((sum, { start, end }) => sum + end - start, 0) / 100;
}

function floorOf(samples: Int16Array, carriedDb: number): number {
  return detectSpeech(extractFeatures(samples), carriedDb).floorDb;
}

/** Everything from its formula, with a DFT bin by bin and the DCT as a sum. */
function cepstraByDefinition(samples: Int16Array, start: number): number[] {
  const windowed = Array.from({ length: 400 }, (_, i) => {
    const at = start + i;
    const emphasized = ((samples[at] ?? 0) - 0.97 * (samples[at - 1] ?? 0)) / 32_768;
    return emphasized * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / 399));
  });
  const power = Array.from({ length: 257 }, (_, bin) => {
    let [real, imaginary] = [0, 0];
    windowed.forEach((value, i) => {
      real += value * Math.cos((2 * Math.PI * bin * i) / 512);
      imaginary -= value * Math.sin((2 * Math.PI * bin * i) / 512);
    });
    return real ** 2 + imaginary ** 2;
  });
  const [low, high] = [80, 7_600].map((hz) => 2_595 * Math.log10(1 + hz / 700));
  const corner = (i: number): number =>
    700 * (10 ** (((low ?? 0) + (((high ?? 0) - (low ?? 0)) * i) / 31) / 2_595) - 1);
  const logs = Array.from({ length: 30 }, (_, band) => {
    const energy = power.reduce((sum, value, bin) => {
      const hz = (bin * sampleRateHz) / 512;
      const rising = (hz - corner(band)) / (corner(band + 1) - corner(band));
      const falling = (corner(band + 2) - hz) / (corner(band + 2) - corner(band + 1));
      // Corners in bins, weights linear in Hz: the same triangle.
      return sum + Math.max(0, Math.min(rising, falling)) * value;
    }, 0);
    return Math.log(energy + 1e-8);
  });
  return Array.from({ length: 19 }, (_, k) =>
    logs.reduce(
      (sum, value, band) => sum + Math.sqrt(2 / 30) * Math.cos((Math.PI * (k + 1) * (band + 0.5)) / 30) * value,
      0,
    ),
  );
}
