import { encode } from "@msgpack/msgpack";
import { expect, test } from "vitest";
import { isDeeperThan } from "../../schemas/wire/msgpack-depth.ts";

/** A value of `levels` arrays and maps, one in the other. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < levels; i += 1) value = i % 2 === 0 ? [value, "beside"] : { key: value, other: null };
  return value;
}

test.each([0, 1, 7, 8])("%i levels are no deeper than 8", (levels) => {
  expect(isDeeperThan(encode(nested(levels)), 8)).toBe(false);
});

test.each([9, 20, 90])("%i levels are deeper than 8", (levels) => {
  expect(isDeeperThan(encode(nested(levels)), 8)).toBe(true);
});

test("values of every format are stepped over whole", () => {
  const numbers = [
    0,
    127,
    -1,
    -32,
    200,
    60_000,
    4_000_000_000,
    -100,
    -30_000,
    -2_000_000_000,
    2 ** 40,
    -(2 ** 40),
    1.5,
  ];
  const strings = [1, 40, 300, 70_000].map((length) => "x".repeat(length));
  const bins = [1, 300, 70_000].map((length) => new Uint8Array(length).fill(0x91));
  const arrays = [0, 20, 70_000].map((length) => Array.from({ length }, () => 0));
  const map = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`k${i}`, i]));
  const others = [null, true, false, new Date(0), new Date(1), new Date(2 ** 40), {}, map];
  const everything = [...numbers, ...strings, ...bins, ...arrays, ...others];
  expect(isDeeperThan(encode(everything), 2)).toBe(false);
  expect(isDeeperThan(encode([...everything, [[1]]]), 2)).toBe(true);
});

test("65,536 nested arrays that each claim 65,535 entries are told at once", () => {
  const bomb = new Uint8Array(65_535);
  for (let i = 0; i + 2 < bomb.length; i += 3) bomb.set([0xdc, 0xff, 0xff], i);
  expect(isDeeperThan(bomb, 8)).toBe(true);
});

test("a value that is cut off is left to the decoder", () => {
  const bytes = encode(nested(5));
  for (let length = 0; length < bytes.byteLength; length += 1) {
    expect(isDeeperThan(bytes.subarray(0, length), 8)).toBe(false);
  }
});
