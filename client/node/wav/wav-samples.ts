/** Bytes of a WAV file to samples. Pure: for pages as well as for Node. */
import type { PcmBlock } from "../../capture/pcm-framer.ts";

export type SampleEncoding = "pcm" | "float" | "a-law" | "mu-law";

/** How the bytes of a file are samples. */
export interface SampleLayout {
  readonly encoding: SampleEncoding;
  /** Bytes of one sample. Fewer valid bits stand at its upper end. */
  readonly sampleBytes: number;
  readonly isLittleEndian: boolean;
}

/**
 * @param bytes whole samples.
 * @returns Int16 for samples of up to 16 bits, which are exact so, and Float32 beyond. A width that is no whole bytes (12 bits in
 *   16, 20 in 24) needs nothing of its own: its bits are the upper ones.
 */
export function decodeSamples(
  bytes: Uint8Array,
  { encoding, sampleBytes, isLittleEndian: isLe }: SampleLayout,
): PcmBlock {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.length / sampleBytes);
  if (encoding === "a-law") return expand(bytes, aLaw);
  if (encoding === "mu-law") return expand(bytes, muLaw);
  if (encoding === "float") {
    return fill(new Float32Array(count), (i) =>
      sampleBytes === 8 ? view.getFloat64(i * 8, isLe) : view.getFloat32(i * 4, isLe),
    );
  }
  switch (sampleBytes) {
    case 1:
      // The only unsigned one.
      return fill(new Int16Array(count), (i) => (view.getUint8(i) - 128) * 256);
    case 2:
      return fill(new Int16Array(count), (i) => view.getInt16(i * 2, isLe));
    case 3:
      return fill(new Float32Array(count), (i) => int24(view, i * 3, isLe) / 2 ** 23);
    default:
      return fill(new Float32Array(count), (i) => view.getInt32(i * 4, isLe) / 2 ** 31);
  }
}

function fill<T extends PcmBlock>(samples: T, valueAt: (index: number) => number): T {
  for (let i = 0; i < samples.length; i += 1) samples[i] = valueAt(i);
  return samples;
}

function int24(view: DataView, at: number, isLe: boolean): number {
  const low = view.getUint8(isLe ? at : at + 2);
  const high = view.getInt8(isLe ? at + 2 : at);
  return high * 65_536 + view.getUint8(at + 1) * 256 + low;
}

function expand(bytes: Uint8Array, table: Int16Array): Int16Array {
  return fill(new Int16Array(bytes.length), (i) => table[bytes[i] ?? 0] ?? 0);
}

/** ITU-T G.711, A-law: even bits inverted, 13 bits, here at 16 bits' full scale. */
const aLaw = Int16Array.from({ length: 256 }, (_, code) => {
  const value = code ^ 0x55;
  const exponent = (value >> 4) & 7;
  const step = ((value & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? step : (step + 0x100) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
});

/** ITU-T G.711, µ-law: all bits inverted, 14 bits with a bias of 33, here at 16 bits' full scale. */
const muLaw = Int16Array.from({ length: 256 }, (_, code) => {
  const value = ~code & 0xff;
  const magnitude = ((((value & 0x0f) << 3) + 0x84) << ((value >> 4) & 7)) - 0x84;
  return value & 0x80 ? -magnitude : magnitude;
});
