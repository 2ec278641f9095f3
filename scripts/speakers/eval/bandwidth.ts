/** Whether a recording went through a telephone: nothing of its speech is above 4 kHz. */
import { fft } from "fourier-transform";

const size = 512;
/** Bins of 31.25 Hz: 4.7 to 7.5 kHz against 0.3 to 3.4 kHz. */
const [high, low] = [
  [150, 240],
  [10, 109],
] as const;
/** Even a dull microphone lets a ten-thousandth of the power through. */
const leastShare = 1e-5;

/** @param samples mono, 16 kHz. */
export function isNarrow(samples: Int16Array): boolean {
  let [above, below] = [0, 0];
  const window = new Float64Array(size);
  for (let at = 0; at + size <= samples.length; at += size) {
    for (let i = 0; i < size; i++)
      window[i] = (samples[at + i] ?? 0) * (0.5 - 0.5 * Math.cos((2 * Math.PI * i) / (size - 1)));
    const [real, imaginary] = fft(window);
    const power = (from: number, to: number): number => {
      let sum = 0;
      for (let bin = from; bin < to; bin++) sum += (real[bin] ?? 0) ** 2 + (imaginary[bin] ?? 0) ** 2;
      return sum;
    };
    above += power(...high);
    below += power(...low);
  }
  return below > 0 && above / below < leastShare;
}
