/** What counts as samples. A caller's mistake is refused where it is made, and never heard as noise. */

/** Interleaved samples: Int16 at full scale, or Float32 in −1…1. */
export type PcmBlock = Int16Array | Float32Array;

/**
 * @param value what a caller handed over; typed arrays of another realm (a frame, a worker, a test runner's sandbox) are the same.
 * @throws TypeError for everything else, with what to do.
 */
export function pcmBlockOf(value: unknown): PcmBlock {
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
