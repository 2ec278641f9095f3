import { expect, test } from "vitest";
import { judgeSilence } from "../../server/gateway/speakers/silence.ts";

const rate = 16_000;
const decibel = (db: number): number => 32_768 * 10 ** (db / 20);

/** Seconds of noise at a level that a function of time gives, dBFS of its peak. */
function noise(seconds: number, levelDb: (at: number) => number): Int16Array {
  let state = 1;
  return Int16Array.from({ length: seconds * rate }, (_, i) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state / 2 ** 31 - 1) * decibel(levelDb(i / rate));
  });
}

test("[R3] zeros are silent and say nothing of the noise floor", () => {
  expect(judgeSilence(new Int16Array(4 * rate), -40)).toEqual({ silent: true, floorDb: -40 });
  expect(judgeSilence(new Int16Array(4 * rate), undefined)).toEqual({ silent: true, floorDb: undefined });
});

test("[R3] steady noise is silent at any level", () => {
  for (const level of [-70, -50, -30, -15])
    expect(
      judgeSilence(
        noise(4, () => level),
        undefined,
      ).silent,
    ).toBe(true);
});

test("[R3] a fifth of a second 10 dB above the floor is not silent, wherever it lies", () => {
  for (const at of [0, 1.9, 3.8]) {
    const samples = noise(4, (t) => (t >= at && t < at + 0.2 ? -30 : -40));
    expect(judgeSilence(samples, undefined).silent).toBe(false);
  }
});

test("[R3] a click is silent", () => {
  expect(
    judgeSilence(
      noise(4, (t) => (t > 2 && t < 2.05 ? -10 : -50)),
      undefined,
    ).silent,
  ).toBe(true);
});

test("[R3] what is too soft to be speech is silent, even above a very low floor", () => {
  expect(
    judgeSilence(
      noise(4, (t) => (t > 2 && t < 3 ? -60 : -80)),
      -80,
    ).silent,
  ).toBe(true);
});

test("[R3] the floor falls at once and rises slowly", () => {
  const loud = noise(4, () => -20);
  const first = judgeSilence(
    noise(4, () => -50),
    undefined,
  );
  const second = judgeSilence(loud, first.floorDb);
  expect(second.floorDb).toBeCloseTo((first.floorDb ?? 0) + 1, 6);
  expect(second.silent).toBe(false);
  expect(
    judgeSilence(
      noise(4, () => -60),
      second.floorDb,
    ).floorDb,
  ).toBeLessThan(-59);
});

const offset = (samples: Int16Array): Int16Array => samples.map((sample) => sample + 12_000);

test("[R3] a constant offset is no sound, and hides none", () => {
  expect(judgeSilence(offset(new Int16Array(4 * rate)), undefined)).toEqual({ silent: true, floorDb: undefined });
  const speech = noise(4, (t) => (t >= 1 && t < 1.3 ? -30 : -50));
  const judged = judgeSilence(speech, undefined);
  expect(judgeSilence(offset(speech), undefined)).toEqual({
    silent: false,
    floorDb: expect.closeTo(judged.floorDb ?? 0, 6),
  });
});
