import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { ChannelWatch } from "../../client/capture/channel-watch.ts";
import { pcmBlockOf } from "../../client/capture/pcm-block.ts";

const rate = 8_000;
const seconds = 8;
const voice = (i: number): number => 0.3 * Math.sin(i / 5) * Math.sin(i / 900);

const silence = (): number => 0;
const other = (i: number): number => 0.2 * Math.cos(i / 11);
/** Two that speak together at first, and then each for a while. */
const turn = (mine: number) => (i: number) => (i < 5 * rate || Math.floor(i / (6 * rate)) % 2 === mine ? voice(i) : 0);

/** @param channels by sample, −1…1. */
function faultOf(...channels: readonly ((i: number) => number)[]): ReturnType<ChannelWatch["hear"]>[] {
  return faultIn(seconds, ...channels);
}

/** @param forS of the source; a tenth of a second at a time. */
function faultIn(forS: number, ...channels: readonly ((i: number) => number)[]): ReturnType<ChannelWatch["hear"]>[] {
  const watch = new ChannelWatch({ sampleRate: rate, channels: channels.length });
  const faults = Array.from({ length: forS * 10 }, (_, block) => {
    const samples = new Float32Array((rate / 10) * channels.length);
    for (let i = 0; i < rate / 10; i += 1) {
      for (const [channel, valueAt] of channels.entries()) {
        samples[i * channels.length + channel] = valueAt((block * rate) / 10 + i);
      }
    }
    return watch.hear(samples);
  });
  return [...faults, watch.end(), watch.end()].filter((fault) => fault !== undefined);
}

test("[C7] one that speaks among silent ones, told once, with what the mean costs", () => {
  expect(faultOf(silence, silence, voice, silence)).toEqual([{ kind: "lone", channel: 3, lossDb: 12 }]);
  expect(
    faultOf(voice, () => 0.4),
    "a constant offset is no sound",
  ).toMatchObject([{ kind: "lone", channel: 1 }]);
});

test("[C7] two that are each other's opposite", () => {
  expect(faultOf(voice, (i) => -voice(i))).toEqual([{ kind: "cancel", channel: 1 }]);
  expect(faultOf(voice, (i) => -0.95 * voice(i))).toEqual([{ kind: "cancel", channel: 1 }]);
});

test.for([0.2, 0.9, 2, 4.5])("[C7] a source of %f s is judged at its end", (forS) => {
  expect(faultIn(forS, voice, (i) => -voice(i))).toEqual([{ kind: "cancel", channel: 1 }]);
  expect(faultIn(forS, silence, voice)).toMatchObject([{ kind: "lone", channel: 2 }]);
  expect(faultIn(forS, voice, (i) => 0.7 * voice(i))).toEqual([]);
});

test("[C7] channels that cancel each other among others, and from some time on", () => {
  expect(faultOf(silence, voice, silence, (i) => -voice(i))).toEqual([{ kind: "cancel", channel: 2 }]);
  const pairs = [voice, (i: number): number => -voice(i), other, (i: number): number => -other(i)];
  expect(faultOf(...pairs)).toMatchObject([{ kind: "cancel" }]);
  const later = (i: number): number => (i < 6 * rate ? 1 : -1) * voice(i);
  expect(faultIn(20, voice, later)).toMatchObject([{ kind: "cancel" }]);
});

test("[C7] many who speak at once, or one after the other, cancel nothing", () => {
  const voices = Array.from({ length: 8 }, (_, n) => (i: number) => 0.1 * Math.sin(i / (5 + n)));
  expect(faultOf(...voices)).toEqual([]);
  expect(faultIn(30, turn(0), (i) => 0.8 * turn(1)(i))).toEqual([]);
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

/** The second channel beside one that speaks all the time. */
const seconds60: readonly (readonly [name: string, valueAt: (i: number) => number, faults: readonly string[]])[] = [
  ["listens for a while", (i) => (i < 20 * rate ? 0 : other(i)), []],
  ["is a plug that is put in", (i) => (i > 3 * rate && i < 4 * rate ? other(i) : 0), ["lone"]],
  ["spoke once", (i) => (i < 10 * rate ? other(i) : 0), []],
];
test.for(seconds60)(
  "[C7] what has all of the sound is judged by the whole source: the other one %s",
  ([, second, kinds]) => {
    expect(faultIn(60, voice, second).map((fault) => fault?.kind)).toEqual(kinds);
  },
);

const answering = (i: number): number => (i % (40 * rate) < rate ? other(i) : 0);
test("[C7] who says a word now and then is heard", () => {
  expect(faultIn(300, voice, answering)).toEqual([]);
});
