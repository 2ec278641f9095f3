/** The few operations on vectors that everything here is made of. */

export type Vector = Float64Array | Float32Array | readonly number[];

export function dot(a: Vector, b: Vector): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}

/** `target += factor · source`, in place. */
export function addScaled(target: Float64Array, source: Vector, factor: number): void {
  for (let i = 0; i < target.length; i++) target[i] = (target[i] ?? 0) + factor * (source[i] ?? 0);
}

/**
 * Scales to length 1, in place.
 * @returns undefined where there is no direction: a length of zero, or a value that is no number.
 */
export function toUnit(vector: Float64Array): Float64Array | undefined {
  const length = Math.sqrt(dot(vector, vector));
  if (!(length > 1e-9) || !Number.isFinite(length)) return undefined;
  for (let i = 0; i < vector.length; i++) vector[i] = (vector[i] ?? 0) / length;
  return vector;
}

/** The value below which `share` (0–1) of the values lie. */
export function percentile(values: Float32Array, share: number): number {
  const sorted = values.toSorted();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
