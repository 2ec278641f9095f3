/**
 * Streaming change of a sample rate by a rational factor, windowed sinc with one filter for each phase. The same samples in other
 * blocks give the same output; output k stands for the input at the same time. Pure.
 */
const zeroCrossings = 16;
/** Of the lower Nyquist frequency. */
const passBand = 0.92;

export class RateChange {
  readonly #up: number;
  readonly #down: number;
  readonly #half: number;
  readonly #phases: readonly Float64Array[];
  #input: Int16Array;
  /** Index of the stream's sample that `#input` begins with. */
  #base: number;
  #next = 0;

  constructor(fromHz: number, toHz: number) {
    const divisor = greatestCommonDivisor(fromHz, toHz);
    this.#up = toHz / divisor;
    this.#down = fromHz / divisor;
    const cutoff = passBand * Math.min(1, toHz / fromHz);
    const half = Math.ceil(zeroCrossings / cutoff);
    this.#half = half;
    this.#phases = Array.from({ length: this.#up }, (_, phase) => filterOf(half, cutoff, phase / this.#up));
    // Silence stands before the first sample.
    this.#input = new Int16Array(half);
    this.#base = -half;
  }

  push(samples: Int16Array): Int16Array {
    const input = new Int16Array(this.#input.length + samples.length);
    input.set(this.#input);
    input.set(samples, this.#input.length);
    const out: number[] = [];
    for (;;) {
      const centre = Math.floor((this.#next * this.#down) / this.#up);
      const first = centre - this.#half + 1 - this.#base;
      if (first + 2 * this.#half > input.length) break;
      const filter = this.#phases[(this.#next * this.#down) % this.#up] ?? new Float64Array();
      let sum = 0;
      for (const [index, weight] of filter.entries()) sum += weight * (input[first + index] ?? 0);
      out.push(Math.max(-32_768, Math.min(32_767, Math.round(sum))));
      this.#next += 1;
    }
    const keepFrom = Math.floor((this.#next * this.#down) / this.#up) - this.#half + 1 - this.#base;
    this.#input = input.slice(Math.max(0, keepFrom));
    this.#base += Math.max(0, keepFrom);
    return Int16Array.from(out);
  }

  /** What the filter holds back, with silence behind it. Nothing may follow. */
  flush(): Int16Array {
    return this.push(new Int16Array(this.#half));
  }
}

function filterOf(half: number, cutoff: number, offset: number): Float64Array {
  const filter = Float64Array.from({ length: 2 * half }, (_, index) => {
    const x = index - half + 1 - offset;
    const window = 0.5 + 0.5 * Math.cos((Math.PI * x) / half);
    return window * (x === 0 ? cutoff : Math.sin(Math.PI * cutoff * x) / (Math.PI * x));
  });
  const sum = filter.reduce((total, weight) => total + weight, 0);
  return filter.map((weight) => weight / sum);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
