import { describe, expect, test, vi } from "vitest";
import { decodeBase64, encodeBase64 } from "../../schemas/wire/base64.ts";
import { randomBytes, randomFrom, seed } from "./support/random.ts";

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

test(`[W2] base64 is Buffer's, both ways, for random bytes (seed ${seed})`, () => {
  const random = randomFrom(seed);
  const lengths = [0, 1, 2, 3, 4, 5, 8_191, 8_192, 8_193, 32_000, ...Array.from({ length: 200 }, () => random(300))];
  for (const length of lengths) {
    const bytes = randomBytes(random, length);
    const text = Buffer.from(bytes).toString("base64");
    expect(encodeBase64(bytes), `length ${length}`).toBe(text);
    expect(decodeBase64(text), `length ${length}`).toEqual({ ok: true, value: bytes });
  }
});

test("[W2] a view into a larger buffer encodes as its own bytes", () => {
  const bytes = new Uint8Array([9, 9, 1, 2, 3, 9]).subarray(2, 5);
  expect(encodeBase64(bytes)).toBe("AQID");
});

const notCanonical: readonly [string, string][] = [
  ["url-safe letters", "-_-_"],
  ["no padding", "AA"],
  ["padding cut short", "AA="],
  ["too much padding", "A==="],
  ["only padding", "===="],
  ["padding in the middle", "AA==AAAA"],
  ["trailing bits after one byte", "AB=="],
  ["trailing bits after two bytes", "AAB="],
  ["a space for a letter", "AA A"],
  ["white space around", " AAAA   "],
  ["a line break", "AAAA\r\n\r\n"],
  ["a letter beyond ASCII", "AAAé"],
  ["a letter beyond a byte", "AAA\u{10041}"],
  ["a NUL", "AAA\0"],
];

test.for(notCanonical)("[W2] %s is refused", ([, text]) => {
  expect(decodeBase64(text)).toEqual({ ok: false, error: "bad_base64" });
});

test("[W2] of all two-letter endings only the canonical ones decode", () => {
  for (const a of alphabet) {
    for (const b of alphabet) {
      const canonical = Buffer.from(`${a}${b}==`, "base64").toString("base64") === `${a}${b}==`;
      expect(decodeBase64(`${a}${b}==`).ok, `${a}${b}==`).toBe(canonical);
    }
  }
});

/** What an engine with Uint8Array.fromBase64 does: skips white space, is strict about the rest. */
function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(/\s/g, ""), "base64"));
}

describe("with the engine's own decoder", () => {
  test("[W2] white space that it skips is refused all the same", async () => {
    vi.resetModules();
    Object.assign(Uint8Array, { fromBase64 });
    try {
      const fresh = await import("../../schemas/wire/base64.ts");
      expect(fresh.decodeBase64("AAAA").ok).toBe(true);
      expect(fresh.decodeBase64("AAAA    ").ok).toBe(false);
      expect(fresh.decodeBase64("AA==\n\n\n\n").ok).toBe(false);
    } finally {
      Reflect.deleteProperty(Uint8Array, "fromBase64");
    }
  });
});
