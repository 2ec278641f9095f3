/** What a page reads of a WAV file's head, and what it leaves to the browser. */
import { expect, test } from "vitest";
import { parseWavHead } from "../../../client/browser/wav-head.ts";

interface Fields {
  readonly tag?: number;
  readonly channels?: number;
  readonly bits?: number;
  readonly dataBytes?: number;
  readonly before?: string;
  readonly subformat?: number;
}

function chunk(name: string, body: Uint8Array, size = body.length): Buffer {
  const head = Buffer.from(`${name}....`);
  head.writeUInt32LE(size, 4);
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)]);
}

const guidTail = Buffer.from("000000001000800000aa00389b71", "hex");

function headOf({ tag = 1, channels = 1, bits = 16, dataBytes = 8, before = "", subformat }: Fields): DataView {
  const format = Buffer.alloc(subformat === undefined ? 16 : 40);
  format.writeUInt16LE(tag, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(48_000, 4);
  format.writeUInt16LE((channels * bits) / 8, 12);
  format.writeUInt16LE(bits, 14);
  if (subformat !== undefined) {
    format.writeUInt16LE(subformat, 24);
    guidTail.copy(format, 26);
  }
  const inside = [
    ...(before === "" ? [] : [chunk("LIST", Buffer.from(before))]),
    chunk("fmt ", format),
    chunk("data", new Uint8Array(0), dataBytes),
  ];
  const all = Buffer.concat([Buffer.from("RIFF....WAVE"), ...inside]);
  return new DataView(all.buffer, all.byteOffset, all.length);
}

test.each([
  ["16-bit mono", {}, 8, { encoding: "pcm", sampleBytes: 2, dataAt: 44, dataBytes: 8 }],
  [
    "24-bit stereo, extensible",
    { tag: 0xff_fe, subformat: 1, channels: 2, bits: 24 },
    12,
    { sampleBytes: 3, dataAt: 68 },
  ],
  ["float", { tag: 3, bits: 32 }, 8, { encoding: "float", sampleBytes: 4 }],
  ["a chunk of odd length before its format", { before: "odd" }, 8, { dataAt: 56 }],
  ["a size that was never filled in", { dataBytes: 0 }, 101, { dataBytes: 100 }],
  ["a size beyond its end", { dataBytes: 4_000 }, 100, { dataBytes: 100 }],
] as const)("%s", (_, fields, bytes, expected) => {
  const head = headOf(fields);
  expect(parseWavHead(head, head.byteLength + bytes)).toMatchObject(expected);
});

test.each([
  ["cut short", { dataBytes: 4_000 }, 100, /cut short/],
  ["never counted", { dataBytes: 0xff_ff_ff_ff }, 100, /never said/],
  ["longer than it says", { dataBytes: 100 }, 5_000_000, /more than its header/],
] as const)("[C4] a file that is %s says so", (_, fields, bytes, words) => {
  const head = headOf(fields);
  expect(parseWavHead(head, head.byteLength + bytes)?.warning).toMatch(words);
  const whole = headOf({ dataBytes: 100 });
  expect(parseWavHead(whole, whole.byteLength + 100), "a whole one").toMatchObject({ warning: undefined });
});

test("[C4] what the head does not say for certain is not guessed at", () => {
  const ambisonic = headOf({ tag: 0xff_fe, subformat: 1, channels: 4 });
  ambisonic.setUint8(50, 0x21);
  expect(parseWavHead(ambisonic, 1_000)).toBeUndefined();
  const padded = headOf({ channels: 2 });
  padded.setUint16(32, 8, true);
  expect(parseWavHead(padded, 1_000), "16 bits in 4 bytes").toBeUndefined();
});

test.each([
  ["A-law", { tag: 6, bits: 8 }],
  ["no channel", { channels: 0 }],
  ["64 channels", { channels: 64 }],
] as const)("%s is left to the browser", (_, fields) => {
  const head = headOf(fields);
  expect(parseWavHead(head, head.byteLength + 8)).toBeUndefined();
});

test("what is no WAV, and what ends too early, is left to the browser", () => {
  const whole = headOf({});
  for (let length = 0; length < whole.byteLength; length += 1)
    expect(
      parseWavHead(new DataView(whole.buffer, whole.byteOffset, length), length),
      `${length} bytes`,
    ).toBeUndefined();
  // Copied: a short Buffer is a piece of a pool, which begins with whatever was made before.
  const other = Uint8Array.from(Buffer.from("ID3 and more than that"));
  expect(parseWavHead(new DataView(other.buffer), 99)).toBeUndefined();
});
