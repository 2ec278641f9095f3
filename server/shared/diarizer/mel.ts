/** Mel bands and the cosine transform behind them, as tables made once. */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { front } from "./tuning.ts";

/** A triangular band: `weights[i]` is of bin `firstBin + i`. */
interface Band {
  readonly firstBin: number;
  readonly weights: Float64Array;
}

/** O'Shaughnessy's mel scale. */
export function melOfHz(hz: number): number {
  return 2_595 * Math.log10(1 + hz / 700);
}

export function hzOfMel(mel: number): number {
  return 700 * (10 ** (mel / 2_595) - 1);
}

/** Triangles of height 1 whose corners are evenly spaced in mel. */
function makeBands(): Band[] {
  const low = melOfHz(front.lowHz);
  const step = (melOfHz(front.highHz) - low) / (front.melBands + 1);
  const binOf = (corner: number): number => (hzOfMel(low + corner * step) * front.fftSamples) / sampleRateHz;
  return Array.from({ length: front.melBands }, (_, band) => {
    const [left, centre, right] = [binOf(band), binOf(band + 1), binOf(band + 2)];
    const firstBin = Math.ceil(left);
    const weights = Float64Array.from({ length: Math.floor(right) - firstBin + 1 }, (_unused, i) =>
      Math.max(0, Math.min((firstBin + i - left) / (centre - left), (right - firstBin - i) / (right - centre))),
    );
    return { firstBin, weights };
  });
}

const bands = makeBands();
/** Row k is cepstrum k+1: orthonormal DCT-II without its constant row. */
const cosines = Array.from({ length: front.cepstra }, (_, row) =>
  Float64Array.from(
    { length: front.melBands },
    (_unused, band) => Math.sqrt(2 / front.melBands) * Math.cos((Math.PI * (row + 1) * (band + 0.5)) / front.melBands),
  ),
);
const logBands = new Float64Array(front.melBands);
/** Of a band's energy, samples being −1 … 1: below, a band is silent, and digital zero is no special case. */
const energyFloor = 1e-8;

/**
 * @param power of each bin, fftSamples/2+1.
 * @param out `cepstra` values are written at `offset`.
 */
export function cepstraOf(power: Float64Array, out: Float32Array, offset: number): void {
  bands.forEach(({ firstBin, weights }, band) => {
    let energy = 0;
    for (let i = 0; i < weights.length; i++) energy += (weights[i] ?? 0) * (power[firstBin + i] ?? 0);
    logBands[band] = Math.log(energy + energyFloor);
  });
  cosines.forEach((row, k) => {
    let sum = 0;
    for (let band = 0; band < row.length; band++) sum += (row[band] ?? 0) * (logBands[band] ?? 0);
    out[offset + k] = sum;
  });
}
