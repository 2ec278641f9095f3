/** Another sample rate, block by block: a windowed sinc, so that nothing above the new rate's half comes back as a tone. */

const zeroCrossings = 16;
/** Of the lower rate's half: the rest is the filter's slope. */
const passBand = 0.95;

export class Resampler {
  readonly #from: number;
  readonly #to: number;
  readonly #half: number;
  readonly #cutoff: number;
  /** A kernel for each place between two input samples at which an output sample can be. */
  readonly #kernels = new Map<number, Float32Array>();
  #tail: Float32Array;
  /** Input samples before `#tail`. */
  #dropped: number;
  #made = 0;
  #taken = 0;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#from = fromHz / divisor;
    this.#to = toHz / divisor;
    this.#cutoff = Math.min(1, toHz / fromHz) * passBand;
    this.#half = Math.ceil(zeroCrossings / this.#cutoff);
    // Silence before the first sample.
    this.#tail = new Float32Array(this.#half);
    this.#dropped = -this.#half;
  }

  push(block: Float32Array): Float32Array {
    this.#taken += block.length;
    if (this.#from === this.#to) return block;
    const all = new Float32Array(this.#tail.length + block.length);
    all.set(this.#tail);
    all.set(block, this.#tail.length);
    const out: number[] = [];
    for (;;) {
      const position = this.#made * this.#from;
      const at = Math.floor(position / this.#to);
      const first = at - this.#half + 1 - this.#dropped;
      if (first + 2 * this.#half > all.length) break;
      const kernel = this.#kernelOf(position % this.#to);
      let sum = 0;
      for (let i = 0; i < kernel.length; i++) sum += (kernel[i] ?? 0) * (all[first + i] ?? 0);
      out.push(sum);
      this.#made += 1;
    }
    const next = Math.floor((this.#made * this.#from) / this.#to) - this.#half + 1;
    const keepFrom = Math.min(all.length, Math.max(0, next - this.#dropped));
    this.#tail = all.slice(keepFrom);
    this.#dropped += keepFrom;
    return Float32Array.from(out);
  }

  /** What the filter still holds. As long as the input, to the sample. */
  end(): Float32Array {
    if (this.#from === this.#to) return new Float32Array();
    const wanted = Math.round((this.#taken * this.#to) / this.#from) - this.#made;
    return this.push(new Float32Array(2 * this.#half + 1)).subarray(0, Math.max(0, wanted));
  }

  #kernelOf(phase: number): Float32Array {
    const known = this.#kernels.get(phase);
    if (known) return known;
    const kernel = new Float32Array(2 * this.#half);
    for (let i = 0; i < kernel.length; i++) {
      const distance = i - this.#half + 1 - phase / this.#to;
      const window = 0.5 + 0.5 * Math.cos((Math.PI * distance) / this.#half);
      kernel[i] = Math.abs(distance) >= this.#half ? 0 : this.#cutoff * sinc(distance * this.#cutoff) * window;
    }
    this.#kernels.set(phase, kernel);
    return kernel;
  }
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
