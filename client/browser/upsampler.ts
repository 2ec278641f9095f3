/**
 * Live audio at 16 or 24 kHz to the 48 kHz at which it is played: a windowed sinc, one set of coefficients for each place between two
 * samples. Feeding the same samples in other pieces gives the same output. Pure.
 */

/** Of the input, on each side. */
const reach = 8;
const fullScale = 32_768;

export class Upsampler {
  readonly #factor: number;
  /** A set of coefficients for each place that an output sample may have between two of the input. */
  readonly #phases: readonly Float32Array[];
  /** The last samples of the piece before: the first output stands for the first of them but `reach`. */
  #before = new Float32Array(2 * reach - 1);

  /** @param factor whole. */
  constructor(factor: number) {
    this.#factor = factor;
    this.#phases = Array.from({ length: factor }, (_, phase) => coefficients(phase / factor));
  }

  /** @returns as many times the samples, `reach` samples of the input later. */
  push(samples: Int16Array): Float32Array<ArrayBuffer> {
    const input = new Float32Array(this.#before.length + samples.length);
    input.set(this.#before);
    for (let i = 0; i < samples.length; i += 1) input[this.#before.length + i] = (samples[i] ?? 0) / fullScale;
    const output = new Float32Array(samples.length * this.#factor);
    for (let i = 0; i < samples.length; i += 1) {
      for (const [phase, taps] of this.#phases.entries()) {
        let sum = 0;
        for (let tap = 0; tap < taps.length; tap += 1) sum += (input[i + tap] ?? 0) * (taps[tap] ?? 0);
        output[i * this.#factor + phase] = sum;
      }
    }
    this.#before = input.slice(samples.length);
    return output;
  }
}

/** Of 2 × `reach` input samples, for a place between the middle two. They add up to 1: what is steady stays as loud. */
function coefficients(place: number): Float32Array {
  const taps = Float32Array.from({ length: 2 * reach }, (_, tap) => {
    const x = tap - (reach - 1) - place;
    const window = Math.cos((Math.PI * x) / (2 * reach)) ** 2;
    return window * (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));
  });
  const sum = taps.reduce((all, tap) => all + tap, 0);
  return taps.map((tap) => tap / sum);
}
