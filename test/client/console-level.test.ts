/** How loud the console takes a microphone to be. */
import { expect, test } from "vitest";
import { measure } from "../../client/console/state/level.ts";

const tone = Float32Array.from({ length: 2_048 }, (_, n) => 0.01 * Math.sin((n * Math.PI) / 16));

test("a constant offset is no sound: a dead microphone that has one is silent, and a soft voice is as loud as without", () => {
  expect(measure(new Float32Array(2_048).fill(0.1)).loudness).toBeLessThan(0.0005);
  expect(measure(tone.map((sample) => sample + 0.1)).loudness).toBeCloseTo(measure(tone).loudness, 5);
});

test("what is clipped is so with its offset", () => {
  expect(measure(Float32Array.of(0.99, 0.9, 0.99)).peak).toBeCloseTo(0.99, 5);
});
