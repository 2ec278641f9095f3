/** A stream without a header that is not what it is said to be (C4): other samples, other channels, or compressed audio that shows late. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { openPcmStream } from "../../client/node/pcm-stream.ts";

const speech = (() => {
  const bytes = readFileSync(join(import.meta.dirname, "../../scripts/demo/sample/interview.wav")).subarray(44);
  return new Int16Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + 20 * 32_000));
})();
/** From where somebody speaks. */
const loud = speech.subarray(32_000);

type Write = (view: DataView, at: number, value: number) => void;

/** @param write a sample of −1…1. */
function written(samples: ArrayLike<number>, sampleBytes: number, write: Write): Buffer {
  const view = new DataView(new ArrayBuffer(samples.length * sampleBytes));
  for (let i = 0; i < samples.length; i += 1) write(view, i * sampleBytes, (samples[i] ?? 0) / 32_768);
  return Buffer.from(view.buffer);
}

/** G.711: sign, exponent and four bits of what is left. */
function muLaw(value: number): number {
  const magnitude = Math.min(32_635, Math.round(Math.abs(value) * 32_768)) + 132;
  const exponent = 24 - Math.clz32(magnitude);
  return ~((value < 0 ? 0x80 : 0) | (exponent << 4) | ((magnitude >> (exponent + 3)) & 15)) & 0xff;
}
function aLaw(value: number): number {
  const magnitude = Math.min(32_767, Math.round(Math.abs(value) * 32_768));
  const exponent = Math.max(0, 24 - Math.clz32(magnitude));
  return ((value < 0 ? 0 : 0x80) | (exponent << 4) | ((magnitude >> Math.max(4, exponent + 3)) & 15)) ^ 0x55;
}

const fine = 0.613;
const others: readonly (readonly [name: RegExp, sampleBytes: number, write: Write])[] = [
  [/f32le/, 4, (view, at, value) => view.setFloat32(at, value, true)],
  [/f32be/, 4, (view, at, value) => view.setFloat32(at, value)],
  [/f64le/, 8, (view, at, value) => view.setFloat64(at, value * fine, true)],
  [/s16be/, 2, (view, at, value) => view.setInt16(at, value * 32_767)],
  [
    /s24le/,
    3,
    (view, at, value) => {
      const whole = Math.round(value * fine * 2 ** 23);
      view.setInt8(at + 2, whole >> 16);
      view.setUint16(at, whole & 0xffff, true);
    },
  ],
  [/s32le/, 4, (view, at, value) => view.setInt32(at, value * 2 ** 31, true)],
  [/s32be/, 4, (view, at, value) => view.setInt32(at, value * fine * 2 ** 31)],
  [/u8/, 1, (view, at, value) => view.setUint8(at, Math.round(value * 127) + 128)],
  [/mulaw/, 1, (view, at, value) => view.setUint8(at, muLaw(value))],
  [/alaw/, 1, (view, at, value) => view.setUint8(at, aLaw(value))],
];

async function heard(bytes: Buffer, channels = 1): Promise<{ samples: number; warnings: readonly string[] }> {
  const pieces = Array.from({ length: Math.ceil(bytes.length / 4_000) }, (_, n) =>
    bytes.subarray(n * 4_000, (n + 1) * 4_000),
  );
  const stream = await openPcmStream(Readable.from(pieces), { sampleRate: 16_000, channels });
  let samples = 0;
  for await (const block of stream.blocks()) samples += block.length;
  return { samples, warnings: stream.warnings };
}

test.for(others)("[C4] a stream of samples that are %s is refused by that name", async ([name, sampleBytes, write]) => {
  await expect(heard(written(loud, sampleBytes, write))).rejects.toThrow(name);
  const silenceFirst = written(speech, sampleBytes, write);
  await expect(heard(silenceFirst)).rejects.toThrow(name);
  const stereo = Int16Array.from(
    { length: 200_000 },
    (_, i) => (loud[(i >> 1) + (i & 1) * 5] ?? 0) * (i & 1 ? 0.6 : 1),
  );
  await expect(heard(written(stereo, sampleBytes, write), 2)).rejects.toThrow(name);
});

const asInt16 = (valueAt: (i: number) => number, length = 160_000): Buffer =>
  Buffer.from(Int16Array.from({ length }, (_, i) => Math.max(-32_768, Math.min(32_767, valueAt(i)))).buffer);

let state = 7;
/** −1…1. */
const random = (): number => (state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0) / 2 ** 31 - 1;

test.for<[string, Buffer, number]>([
  ["speech", Buffer.from(speech.buffer), 1],
  ["faint speech", asInt16((i) => (speech[i] ?? 0) / 60), 1],
  ["speech of eight bits", asInt16((i) => (speech[i] ?? 0) & 0xff00), 1],
  ["clipped speech", asInt16((i) => (speech[i] ?? 0) * 40), 1],
  ["two voices", asInt16((i) => (loud[(i >> 1) + (i & 1) * 40_000] ?? 0) * (i & 1 ? 0.6 : 1)), 2],
  ["one voice at two microphones", asInt16((i) => (loud[(i >> 1) + (i & 1) * 3] ?? 0) + random() * 40), 2],
  ["a voice beside silence", asInt16((i) => (i & 1 ? 0 : (loud[i >> 1] ?? 0))), 2],
  ["loud noise of some levels", asInt16(() => random() * random() * 32_000), 1],
  ["a high tone", asInt16((i) => 20_000 * Math.sin(i * 2.75)), 1],
  ["a low and a high tone", asInt16((i) => 12_000 * Math.sin(i / 40) + 3_000 * Math.sin(i * 3)), 1],
  ["silence", Buffer.alloc(200_000), 1],
])("[C4] %s is believed without a word", async ([, bytes, channels]) => {
  expect(await heard(bytes, channels)).toEqual({ samples: bytes.length / 2, warnings: [] });
});

test.for<[string, Buffer, number, RegExp]>([
  ["two channels given as one", asInt16((i) => loud[i >> 1] ?? 0), 1, /--channels 2/],
  [
    "two channels apart given as one",
    asInt16((i) => (loud[(i >> 1) + (i & 1) * 7] ?? 0) * (i & 1 ? 0.7 : 1)),
    1,
    /--channels 2/,
  ],
  ["one channel given as two", asInt16((i) => loud[i] ?? 0), 2, /--channels 1/],
  ["what is encrypted", asInt16(() => random() * 32_768), 1, /compressed or encrypted/],
])("[C4] %s is told, once", async ([, bytes, channels, words]) => {
  expect((await heard(bytes, channels)).warnings).toEqual([expect.stringMatching(words)]);
});

const noise = (length: number): Buffer => Buffer.from(Array.from({ length }, () => (random() * 128) & 0xff));
/** Frames of noise behind heads. */
const framed = (count: number, headOf: (n: number) => readonly number[], bodyBytes: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, n) => Buffer.concat([Buffer.from(headOf(n)), noise(bodyBytes)])));

function crc8(bytes: readonly number[]): number {
  let crc = 0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x80 ? 7 : 0)) & 0xff;
  }
  return crc;
}
const flacHead = (n: number): number[] => {
  const head = [0xff, 0xf8, 0xc9, 0x18, n];
  return [...head, crc8(head)];
};
const vint = (bytes: number): number[] => [0x40 | (bytes >> 8), bytes & 0xff];

test.for<[string, Buffer, RegExp]>([
  ["Ogg of long pages", Buffer.concat([noise(60_000), Buffer.from("OggS\0\0"), noise(5_000)]), /Ogg/],
  ["FLAC", framed(20, flacHead, 9_000), /FLAC/],
  ["AC-3", framed(20, () => [0x0b, 0x77, 1, 2, 0x14, 0x40], 762), /AC-3/],
  ["DTS", framed(20, () => [0x7f, 0xfe, 0x80, 0x01, 0xfc, 0x3c, 0x3f, 0xf0], 1_016), /DTS/],
  ["AAC in LATM", framed(30, () => [0x56, 0xe1, 0x00], 256), /LATM/],
  [
    "WebM by its clusters",
    framed(3, () => [0x1f, 0x43, 0xb6, 0x75, 0x01, 0, 0, 0, 0, 0, 0x40, 0, 0xe7, 0x81, 0], 20_000),
    /WebM/,
  ],
  ["WebM by its blocks", framed(30, () => [0xa3, ...vint(404), 0x81, 0, 0, 0x80], 400), /WebM/],
  [
    "MP4 in fragments",
    Buffer.concat([noise(40_000), Buffer.from([0, 0, 0, 99]), Buffer.from("moof\0\0\0\x10mfhd"), noise(9_000)]),
    /MP4/,
  ],
  ["an MPEG program stream", framed(5, () => [0, 0, 1, 0xba, 0x21, 0, 1, 0, 1], 2_039), /program stream/],
])("[C4] %s that begins in the middle is refused by its name", async ([, bytes, name]) => {
  await expect(heard(bytes.subarray(77))).rejects.toThrow(name);
});
