import { describe, expect, test } from "vitest";
import { createResampler } from "../../client/capture/resampler.ts";
import { randomFrom, seed } from "../unit/support/random.ts";
import { blocksOf, fitTone, levelDb, sine } from "./support/signal.ts";

const rates = [44_100, 48_000, 8_000, 22_050, 11_025, 32_000, 96_000, 47_999] as const;
/** Output samples that the filter's half width reaches over. */
const edge = 200;

function resample(samples: Float32Array, rateHz: number): Float32Array {
  const resampler = createResampler(rateHz);
  return concat([resampler.push(samples), resampler.flush()]);
}

function concat(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

describe.for(rates)("%i Hz to 16 kHz", (rateHz) => {
  const nyquist = Math.min(rateHz, 16_000) / 2;

  test("keeps tones up to 0.8 of Nyquist: amplitude, place and purity", () => {
    for (const part of [0.003, 0.3, 0.8]) {
      const frequency = nyquist * part;
      const fit = fitTone(resample(sine(frequency, rateHz, rateHz), rateHz), frequency, 16_000, edge);
      expect(Math.abs(20 * Math.log10(fit.amplitude / 0.5))).toBeLessThan(0.01);
      expect(Math.abs(fit.phase)).toBeLessThan(1e-4);
      expect(fit.snrDb).toBeGreaterThan(70);
    }
  });

  test("adds nothing: no tone above 8 kHz aliases, none below has an image above the source's own Nyquist", () => {
    for (const frequency of rateHz > 16_000 ? [8_000, 8_500, 10_500] : []) {
      const out = resample(sine(frequency, rateHz, rateHz, 1), rateHz);
      expect(levelDb(out, edge) + 3.01).toBeLessThan(-70);
    }
    if (rateHz > 16_000) return;
    const frequency = 0.8 * nyquist;
    const out = resample(sine(frequency, rateHz, rateHz, 1), rateHz);
    expect(fitTone(out, rateHz - frequency, 16_000, edge).amplitude).toBeLessThan(10 ** (-70 / 20));
  });

  test("keeps levels and places: a constant stays that constant, an impulse comes out where it went in", () => {
    const constant = resample(new Float32Array(rateHz).fill(0.25), rateHz).subarray(edge, -edge);
    expect(Math.max(...constant.map((x) => Math.abs(x - 0.25)))).toBeLessThan(1e-6);
    const impulse = new Float32Array(rateHz);
    // Half a second: a whole number of samples at both rates where the rate is even.
    const at = Math.floor(rateHz / 2);
    impulse[at] = 1;
    const out = resample(impulse, rateHz);
    const peak = out.indexOf(Math.max(...out));
    expect(Math.abs(peak / 16_000 - at / rateHz)).toBeLessThanOrEqual(0.5 / 16_000);
    if (rateHz % 2 !== 0) return;
    // On an output's instant it comes out the same on both sides.
    const skew = Array.from({ length: 200 }, (_, i) => Math.abs((out[8_000 + i] ?? 0) - (out[8_000 - i] ?? 0)));
    expect(peak).toBe(8_000);
    expect(Math.max(...skew)).toBeLessThan(1e-6);
  });

  test(`gives the same to the bit in any blocks, ceil(n × 16000 / rate) samples, and begins anew after flush (seed ${seed})`, () => {
    const random = randomFrom(seed);
    const samples = Float32Array.from({ length: rateHz + random(1_000) }, () => random(65_536) / 32_768 - 1);
    const whole = resample(samples, rateHz);
    for (const most of [1, 128, 20_000]) {
      const resampler = createResampler(rateHz);
      const parts = blocksOf(samples, most, random).map((block) => resampler.push(block));
      expect(Buffer.from(concat([...parts, resampler.flush()]).buffer).equals(Buffer.from(whole.buffer))).toBe(true);
    }
    for (const length of [0, 1, 2, 3, 7, 100, 159, 160, 161, 4_095, 4_096, 4_097, rateHz - 1, rateHz, rateHz + 1]) {
      expect(resample(new Float32Array(length), rateHz).length).toBe(Math.ceil((length * 16_000) / rateHz));
    }
    const resampler = createResampler(rateHz);
    const tone = sine(500, rateHz, 5_000);
    const first = concat([resampler.push(tone), resampler.flush()]);
    expect(concat([resampler.push(tone), resampler.flush()])).toEqual(first);
  });
});

test("holds back no more than its half width: a second of input gives a second but 4 ms", () => {
  for (const rateHz of rates) {
    expect(createResampler(rateHz).push(new Float32Array(rateHz)).length).toBeGreaterThan(16_000 - 64);
  }
});

const memoryBytes = (): number => process.memoryUsage().arrayBuffers + process.memoryUsage().heapUsed;

test("takes ten minutes of 48 kHz, and its memory does not grow", { timeout: 60_000 }, () => {
  const resampler = createResampler(48_000);
  const block = sine(440, 48_000, 960);
  const pushSeconds = (seconds: number): number => {
    let made = 0;
    for (let i = 0; i < seconds * 50; i += 1) made += resampler.push(block).length;
    return made;
  };
  pushSeconds(5);
  const before = memoryBytes();
  expect(pushSeconds(600)).toBe(600 * 16_000);
  // Held on to, the outputs alone would be 38 MB and the input 115 MB. Garbage not yet collected is allowed for.
  expect(memoryBytes() - before).toBeLessThan(30_000_000);
});

test.for([999, 384_001, 44_100.5, Number.NaN, 0, -8_000])("refuses a rate of %d Hz", (rateHz) => {
  expect(() => createResampler(rateHz)).toThrow(RangeError);
});
