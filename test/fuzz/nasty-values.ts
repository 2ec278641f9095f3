/** Values that parsers and stores have stumbled over, as both encodings write them. */
import { encode } from "@msgpack/msgpack";

/** A value as it is written: for what one of the encodings could not make of a JavaScript value. */
export interface Written {
  readonly json: string;
  readonly msgpack: Uint8Array;
}

export function written(value: unknown): Written {
  return { json: JSON.stringify(value), msgpack: encode(value, { maxDepth: 1_000 }) };
}

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const nested = (levels: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
};
const wideMap = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, i]));

export const nastyNumbers: readonly number[] = [
  0,
  1,
  -1,
  2,
  1.5,
  1e-7,
  5e-324,
  1e21,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  8.64e15,
  8.64e15 + 1,
  16_000,
  15_999,
  48_000,
  86_400,
  86_401,
  99_999_999,
  100_000_000,
];

export const nastyTexts: readonly string[] = [
  "",
  "0",
  "1",
  "1.5",
  "null",
  "true",
  " ",
  "\u0000",
  "\uFEFF",
  "\u202E",
  "é",
  "é",
  "\uD800",
  "a\uDC00b",
  "🎙",
  "__proto__",
  "constructor",
  "mixed",
  "MIXED",
  "../mixed",
  "a/b",
  "%2e%2e",
  "'; DROP TABLE tracks; --",
  "a".repeat(256),
  "a".repeat(257),
  "🎙".repeat(128),
  "x".repeat(4_001),
];

export const nastyValues: readonly Written[] = [
  ...nastyNumbers.map(written),
  ...nastyTexts.map(written),
  ...[null, true, false, [], {}, [[]], [1], [null], { a: 1 }, { type: "chunk" }, nested(5), nested(8), nested(9)].map(
    written,
  ),
  ...[nested(200), Array.from({ length: 64 }, () => 0), Array.from({ length: 65 }, () => 0), wideMap].map(written),
  // What JSON can't say, and what only it can.
  { json: "-0", msgpack: bytes(0xcb, 0x80, 0, 0, 0, 0, 0, 0, 0) },
  { json: "1.0", msgpack: bytes(0xcb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0) },
  { json: "3e0", msgpack: bytes(0xd3, 0, 0, 0, 0, 0, 0, 0, 3) },
  { json: "1e999", msgpack: encode(Number.POSITIVE_INFINITY) },
  { json: "NaN", msgpack: encode(Number.NaN) },
  { json: "-Infinity", msgpack: encode(Number.NEGATIVE_INFINITY) },
  { json: "01", msgpack: bytes(0xcf, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) },
  { json: "undefined", msgpack: bytes(0xc1) },
  { json: '"\\ud800"', msgpack: bytes(0xa3, 0xed, 0xa0, 0x80) },
  { json: '"\\u0000"', msgpack: bytes(0xa2, 0xff, 0xfe) },
  { json: '{"__proto__":{"type":"status"}}', msgpack: bytes(0x81, 0xa9, ...encode("__proto__").subarray(1), 0xc0) },
  { json: '{"constructor":{"prototype":{}}}', msgpack: bytes(0x81, 0x01, 0x02) },
  { json: '{"toJSON":1}', msgpack: bytes(0x81, 0xc0, 0xc0) },
  { json: "[]", msgpack: bytes(0xdd, 0xff, 0xff, 0xff, 0xff) },
  { json: "{}", msgpack: bytes(0xdf, 0xff, 0xff, 0xff, 0xff) },
  { json: '""', msgpack: bytes(0xc6, 0xff, 0xff, 0xff, 0xff) },
  { json: '"AA=="', msgpack: encode(new Uint8Array(2)) },
  { json: '"AAAA"', msgpack: encode(new Date(1_760_000_000_000)) },
  { json: '"2026-01-01T00:00:00Z"', msgpack: bytes(0xd4, 0x05, 0x00) },
  { json: '"x"', msgpack: bytes(0xd5, 0xff, 0, 0) },
];
