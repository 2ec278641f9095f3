/**
 * From what the front hears to a voice: directions in which people differ and one person doesn't, learned by
 * `npm run train:voices`. Data: a mean and a deviation of each pooled value, and directions in 8 bits with a scale each.
 */
import { decodeBase64 } from "../../../schemas/wire/base64.ts";
import { pooledValues } from "./voice-front.ts";

export interface Projection {
  readonly mean: Float64Array;
  readonly deviation: Float64Array;
  /** Each of `pooledValues` values. */
  readonly directions: readonly Float64Array[];
}

const mostInByte = 127;

/** Little-endian: floats of mean and deviation, then for each direction a float, its scale, and its bytes. */
export function encodeProjection({ mean, deviation, directions }: Projection): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(8 * pooledValues + directions.length * (4 + pooledValues));
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < pooledValues; i++) {
    view.setFloat32(4 * i, mean[i] ?? 0, true);
    view.setFloat32(4 * (pooledValues + i), deviation[i] ?? 1, true);
  }
  for (const [d, direction] of directions.entries()) {
    const at = 8 * pooledValues + d * (4 + pooledValues);
    const scale = direction.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / mostInByte;
    view.setFloat32(at, scale, true);
    for (const [i, value] of direction.entries()) view.setInt8(at + 4 + i, Math.round(value / scale));
  }
  return bytes;
}

/** @throws Error if the data is not what `encodeProjection` writes: a fault of the build. */
export function decodeProjection(base64: string): Projection {
  const decoded = decodeBase64(base64);
  const head = 8 * pooledValues;
  const size = 4 + pooledValues;
  if (!decoded.ok || decoded.value.length <= head || (decoded.value.length - head) % size !== 0)
    throw new Error("server/inference/voices/projection-data.ts is damaged");
  const view = new DataView(decoded.value.buffer, decoded.value.byteOffset, decoded.value.byteLength);
  const floats = (from: number): Float64Array =>
    Float64Array.from({ length: pooledValues }, (_, i) => view.getFloat32(from + 4 * i, true));
  const count = (decoded.value.length - head) / size;
  return {
    mean: floats(0),
    deviation: floats(4 * pooledValues),
    directions: Array.from({ length: count }, (_, d) => {
      const at = head + d * size;
      const scale = view.getFloat32(at, true);
      return Float64Array.from({ length: pooledValues }, (__, i) => scale * view.getInt8(at + 4 + i));
    }),
  };
}

/** @param pooled of a stretch of speech. */
export function project({ mean, deviation, directions }: Projection, pooled: Float64Array): Float64Array {
  const scaled = pooled.map((value, i) => (value - (mean[i] ?? 0)) / (deviation[i] ?? 1));
  return Float64Array.from(directions, (direction) => {
    let sum = 0;
    for (let i = 0; i < scaled.length; i++) sum += (direction[i] ?? 0) * (scaled[i] ?? 0);
    return sum;
  });
}
