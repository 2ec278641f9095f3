/** Tones, and how well a resampler keeps them. Samples are in −1…1. */

export function sine(frequencyHz: number, rateHz: number, length: number, amplitude = 0.5): Float32Array {
  return Float32Array.from({ length }, (_, i) => amplitude * Math.sin((2 * Math.PI * frequencyHz * i) / rateHz));
}

export interface ToneFit {
  readonly amplitude: number;
  /** Radians; 0 for a sine that starts at sample 0. */
  readonly phase: number;
  /** Power of the tone over the power of everything else. */
  readonly snrDb: number;
}

/**
 * Least squares of a·sin + b·cos at one frequency; what is left over is noise.
 * @param skip samples at either end to leave out, where the filter sees the stream's edges.
 */
export function fitTone(samples: Float32Array, frequencyHz: number, rateHz: number, skip: number): ToneFit {
  let [ss, cc, sc, sx, cx] = [0, 0, 0, 0, 0];
  const at = (i: number): [number, number, number] => {
    const angle = (2 * Math.PI * frequencyHz * i) / rateHz;
    return [Math.sin(angle), Math.cos(angle), samples[i] ?? 0];
  };
  for (let i = skip; i < samples.length - skip; i += 1) {
    const [s, c, x] = at(i);
    ss += s * s;
    cc += c * c;
    sc += s * c;
    sx += s * x;
    cx += c * x;
  }
  const determinant = ss * cc - sc * sc;
  const a = (sx * cc - cx * sc) / determinant;
  const b = (cx * ss - sx * sc) / determinant;
  let [signal, noise] = [0, 0];
  for (let i = skip; i < samples.length - skip; i += 1) {
    const [s, c, x] = at(i);
    const tone = a * s + b * c;
    signal += tone * tone;
    noise += (x - tone) ** 2;
  }
  return { amplitude: Math.hypot(a, b), phase: Math.atan2(b, a), snrDb: 10 * Math.log10(signal / noise) };
}

/** Root of the mean square, in dB of full scale. */
export function levelDb(samples: Float32Array, skip: number): number {
  const inner = samples.subarray(skip, samples.length - skip);
  return 10 * Math.log10(inner.reduce((sum, x) => sum + x * x, 0) / inner.length);
}

/** Cuts an array into blocks of random sizes from 0 to `most`. */
export function blocksOf<T extends Int16Array | Float32Array>(
  samples: T,
  most: number,
  random: (below: number) => number,
): T[] {
  const blocks: T[] = [];
  for (let at = 0; at < samples.length;) {
    const size = random(most + 1);
    blocks.push(samples.subarray(at, at + size) as T);
    at += size;
  }
  return blocks;
}
