import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ChannelWatch } from "../../client/capture/channel-watch.ts";
import { pcmBlockOf } from "../../client/capture/pcm-block.ts";

const rate = 8_000;
const seconds = 8;
const voice = (i: number): number => 0.3 * Math.sin(i / 5) * Math.sin(i / 900);

/** @param channels by sample, −1…1. */
function faultOf(...channels: readonly ((i: number) => number)[]): ReturnType<ChannelWatch["hear"]>[] {
  const watch = new ChannelWatch({ sampleRate: rate, channels: channels.length });
  const faults = Array.from({ length: seconds * 10 }, (_, block) => {
    const samples = new Float32Array((rate / 10) * channels.length);
    for (let i = 0; i < rate / 10; i += 1) {
      for (const [channel, valueAt] of channels.entries()) {
        samples[i * channels.length + channel] = valueAt((block * rate) / 10 + i);
      }
    }
    return watch.hear(samples);
  });
  return faults.filter((fault) => fault !== undefined);
}
const silence = (): number => 0;

test("[C7] one that speaks among silent ones, told once, with what the mean costs", () => {
  expect(faultOf(silence, silence, voice, silence)).toEqual([{ kind: "lone", channel: 3, lossDb: 12 }]);
  expect(
    faultOf(voice, () => 0.4),
    "a constant offset is no sound",
  ).toMatchObject([{ kind: "lone", channel: 1 }]);
});

test("[C7] two that are each other's opposite", () => {
  expect(faultOf(voice, (i) => -voice(i))).toEqual([{ kind: "cancel" }]);
  expect(faultOf(voice, (i) => -0.95 * voice(i))).toEqual([{ kind: "cancel" }]);
});

test("nothing is said of one channel, of stereo, of two voices, and of silence", () => {
  expect(faultOf(voice)).toEqual([]);
  expect(faultOf(voice, (i) => 0.7 * voice(i))).toEqual([]);
  expect(faultOf(voice, (i) => 0.3 * Math.cos(i / 7))).toEqual([]);
  expect(faultOf(silence, silence)).toEqual([]);
});

test.for([
  ["a Buffer", Buffer.alloc(4), /not Uint8Array; of s16le bytes make samples first/],
  ["an ArrayBuffer", new ArrayBuffer(4), /not ArrayBuffer; of s16le bytes/],
  ["Int32Array", new Int32Array(2), /not Int32Array$/],
  ["Float64Array", new Float64Array(2), /not Float64Array$/],
  ["an array", [1, 2], /not Array$/],
  ["text", "abc", /not String$/],
  ["nothing", undefined, /not Undefined$/],
  ["a liar", { [Symbol.toStringTag]: "Int16Array", length: 3 }, /not Int16Array/],
] as const)("[C5] %s is no block of samples, and says what to do", ([, value, sentence]) => {
  expect(() => pcmBlockOf(value)).toThrow(sentence);
});

test("[C5] samples of another realm are samples", () => {
  const foreign: unknown = runInNewContext("new Int16Array([1, -2, 3]).subarray(1)");
  expect(foreign).not.toBeInstanceOf(Int16Array);
  expect(pcmBlockOf(foreign)).toEqual(Int16Array.of(-2, 3));
  expect(pcmBlockOf(runInNewContext("new Float32Array([0.5])"))).toEqual(Float32Array.of(0.5));
});
