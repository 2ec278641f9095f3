/** What a recording goes through before it reaches the resolver. */
import { execFileSync } from "node:child_process";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import type { Random } from "../../../client/testkit/fault-plan.ts";
import { samplesOf } from "./speak.ts";

export const conditions = ["clean", "noise", "telephone", "echo"] as const;
export type Condition = (typeof conditions)[number];

const linear = ["-t", "raw", "-r", String(sampleRateHz), "-c", "1", "-b", "16", "-e", "signed-integer", "-"];
const telephone = ["-t", "raw", "-r", "8000", "-c", "1", "-b", "8", "-e", "u-law", "-"];
const noiseBelowSpeechDb = 20;

/** @returns as many samples as went in. */
export function passThrough(samples: Int16Array, condition: Condition, random: Random): Int16Array {
  switch (condition) {
    case "clean":
      return samples;
    case "noise":
      return addNoise(samples, random);
    case "telephone": {
      const narrow = sox([...linear, ...telephone, "sinc", "300-3400"], bytesOf(samples));
      return fit(samplesOf(sox([...telephone, ...linear], narrow)), samples.length);
    }
    case "echo":
      // A meeting room: 40 % reverberance, room 30 %, no pre-delay.
      return fit(
        samplesOf(sox([...linear, ...linear, "gain", "-3", "reverb", "40", "50", "30"], bytesOf(samples))),
        samples.length,
      );
  }
}

/** Pink noise (Kellet's filter) 20 dB below the speech. */
function addNoise(samples: Int16Array, random: Random): Int16Array {
  const poles = [0.997_65, 0.963, 0.57];
  const gains = [0.099_046, 0.296_516_4, 1.052_691_3];
  const memory = [0, 0, 0];
  const noise = Float64Array.from(samples, () => {
    const white = random() * 2 - 1;
    let pink = white * 0.1848;
    poles.forEach((pole, i) => {
      memory[i] = pole * (memory[i] ?? 0) + white * (gains[i] ?? 0);
      pink += memory[i] ?? 0;
    });
    return pink;
  });
  const spoken = samples.filter((sample) => Math.abs(sample) > 300);
  const factor = (rms(spoken) / rms(noise)) * 10 ** (-noiseBelowSpeechDb / 20);
  return samples.map((sample, i) => Math.max(-32_768, Math.min(32_767, Math.round(sample + factor * (noise[i] ?? 0)))));
}

function rms(values: Int16Array | Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Math.sqrt(sum / Math.max(1, values.length));
}

function sox(arguments_: readonly string[], input: Uint8Array): Uint8Array {
  // -R: the same dither every time.
  return execFileSync("sox", ["-R", "-D", ...arguments_], {
    input,
    maxBuffer: 1 << 28,
    stdio: ["pipe", "pipe", "ignore"],
  });
}

function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
}

function fit(samples: Int16Array, length: number): Int16Array {
  const fitted = new Int16Array(length);
  fitted.set(samples.subarray(0, length));
  return fitted;
}
