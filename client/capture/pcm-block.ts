/** What counts as samples. A caller's mistake is refused where it is made, and never heard as noise. */

/** Interleaved samples: Int16 at full scale, or Float32 in −1…1. */
export type PcmBlock = Int16Array | Float32Array;

/**
 * @param value what a caller handed over; typed arrays of another realm (a frame, a worker, a test runner's sandbox) are the same.
 * @throws TypeError for everything else, with what to do.
 */
export function pcmBlockOf(value: unknown): PcmBlock {
  const block = typedBlockOf(value);
  const reach = wrongScaleOf(block);
  if (reach === undefined) return block;
  throw new TypeError(
    `samples are ${scaleFault(reach)}; of 16-bit numbers give an Int16Array, or divide them by 32768`,
  );
}

function typedBlockOf(value: unknown): PcmBlock {
  if (value instanceof Int16Array || value instanceof Float32Array) return value;
  // The name of the class, whichever realm's it is.
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (ArrayBuffer.isView(value)) {
    if (kind === "Int16Array") return new Int16Array(value.buffer, value.byteOffset, value.byteLength / 2);
    if (kind === "Float32Array") return new Float32Array(value.buffer, value.byteOffset, value.byteLength / 4);
  }
  const hint =
    kind === "Uint8Array" || kind === "ArrayBuffer" || kind === "DataView"
      ? "; of s16le bytes make samples first: new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2)"
      : "";
  throw new TypeError(`samples are an Int16Array or a Float32Array, not ${kind}${hint}`);
}

/** Mixes of several voices go beyond 1; nobody's sound is 24 dB beyond it. */
const loudestFloat = 16;

/**
 * Whether floats are whole numbers' samples that nobody divided, so that all of it would be clipped: by how far they reach, or by
 * being whole. One wild value of a broken driver is no scale.
 * @returns how far they reach; undefined where they may be what they are taken for.
 */
export function wrongScaleOf(samples: PcmBlock): number | undefined {
  if (samples instanceof Int16Array) return undefined;
  let [peak, loud, beyond, isWhole] = [0, 0, 0, true];
  for (const sample of samples) {
    const level = Math.abs(sample);
    if (level === 0 || !Number.isFinite(level)) continue;
    loud += 1;
    if (level > 1) beyond += 1;
    if (level > peak) peak = level;
    if (isWhole && !Number.isInteger(sample)) isWhole = false;
  }
  const isBeyond = peak > loudestFloat && beyond * 4 > loud;
  return isBeyond || (isWhole && beyond >= fewestWhole) ? peak : undefined;
}

/** Whole numbers beyond 1 in one block that are no accident. */
const fewestWhole = 16;

export const scaleFault = (reach: number): string =>
  `floats at the scale of whole numbers: they reach ±${Math.round(reach)}, and full scale is ±1`;
