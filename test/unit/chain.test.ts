import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { createHashChain, toHex } from "../../schemas/chain.ts";

const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();
const name = { tenant: "default", sessionId: "s1", track: "mixed" };

// Computed outside of JavaScript, with Python's hashlib.
const emptyHead = "b340d67c8af3d55ecc8d4926499d0f508c89c394a60823adc8b546601d149301";
const twoChunksHead = "9f006ed79180d95554c771452b65cfb25edfb70c36597db1d82ec7d7145fc3bc";

/** The formula of SPEC H1 in other words: everything as hex text. */
function byHand(chunks: readonly [seq: number, sha256Hex: string][]): string {
  const start = Buffer.from("roomtone.chain.v1\ndefault/s1/mixed", "utf8");
  return chunks.reduce((head, [seq, hash]) => {
    const link = head + seq.toString(16).padStart(8, "0") + hash;
    return createHash("sha256").update(link, "hex").digest("hex");
  }, createHash("sha256").update(start).digest("hex"));
}

const silence = createHash("sha256").update(new Uint8Array(32_000)).digest();
const loud = createHash("sha256").update(new Uint8Array(32_000).fill(1)).digest();

test("[H1] an empty track's head is the hash of its name", () => {
  expect(createHashChain(name, sha256).head()).toBe(emptyHead);
  expect(byHand([])).toBe(emptyHead);
});

test("[H1] the head over chunks 1 and 3 is the one computed by hand", () => {
  const chain = createHashChain(name, sha256);
  chain.add(1, silence);
  chain.add(3, loud);
  expect(chain.head()).toBe(twoChunksHead);
  expect(
    byHand([
      [1, silence.toString("hex")],
      [3, loud.toString("hex")],
    ]),
  ).toBe(twoChunksHead);
});

function headOf(track: string, ...seqs: number[]): string {
  const chain = createHashChain({ ...name, track }, sha256);
  for (const seq of seqs) chain.add(seq, silence);
  return chain.head();
}

test("[H1] another seq, another order, another track: another head", () => {
  const heads = [headOf("mixed", 1, 2), headOf("mixed", 1, 3), headOf("mixed", 1), headOf("mic", 1, 2)];
  expect(new Set(heads).size).toBe(heads.length);
  expect(headOf("mixed", 1, 99_999_999)).toMatch(/^[0-9a-f]{64}$/);
});

test("[H1] chunks come in rising order or not at all", () => {
  const chain = createHashChain(name, sha256);
  chain.add(2, silence);
  expect(() => chain.add(2, silence)).toThrow(RangeError);
  expect(() => chain.add(1, silence)).toThrow(RangeError);
  expect(() => createHashChain(name, sha256).add(0, silence)).toThrow(RangeError);
});

test("[H1] hex is lower-case and two digits a byte", () => {
  expect(toHex(new Uint8Array([0, 10, 255]))).toBe("000aff");
});
