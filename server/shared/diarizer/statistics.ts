/** What a stretch of speech says of each Gaussian of the background model. Statistics of stretches just add up. */
import type { Features } from "./features.ts";
import { components, type SpeakerModel } from "./model.ts";
import { front } from "./tuning.ts";

export interface Statistics {
  /** Frames of speech. */
  frames: number;
  /** C: frames that each component explains. */
  readonly counts: Float64Array;
  /** C × D: sum of the frames, as far as the component explains them. */
  readonly sums: Float64Array;
}

export type Background = Pick<SpeakerModel, "weights" | "means" | "variances">;
export type Accumulate = (into: Statistics, cepstra: Float32Array, frame: number) => void;

export function emptyStatistics(): Statistics {
  return { frames: 0, counts: new Float64Array(components), sums: new Float64Array(components * front.cepstra) };
}

/** Components that explain less than this of a frame are left out of its sums: half the time for nothing lost. */
const minShare = 1e-3;

/** Prepares the model's constants; the function returned adds one frame to the statistics. */
export function createAccumulator(background: Background): Accumulate {
  const width = front.cepstra;
  const { means } = background;
  const halfPrecisions = Float64Array.from(background.variances, (variance) => 0.5 / variance);
  const constants = Float64Array.from(background.weights, (weight, c) => {
    let constant = Math.log(weight);
    for (let d = 0; d < width; d++)
      constant -= 0.5 * Math.log(2 * Math.PI * (background.variances[c * width + d] ?? 1));
    return constant;
  });
  const shares = new Float64Array(components);
  return (into, cepstra, frame) => {
    const row = frame * width;
    let highest = -Infinity;
    for (let c = 0; c < components; c++) {
      let value = constants[c] ?? 0;
      for (let d = 0; d < width; d++) {
        const distance = (cepstra[row + d] ?? 0) - (means[c * width + d] ?? 0);
        value -= distance * distance * (halfPrecisions[c * width + d] ?? 0);
      }
      shares[c] = value;
      if (value > highest) highest = value;
    }
    let total = 0;
    for (let c = 0; c < components; c++) {
      const share = Math.exp((shares[c] ?? 0) - highest);
      shares[c] = share;
      total += share;
    }
    into.frames++;
    for (let c = 0; c < components; c++) {
      const share = (shares[c] ?? 0) / total;
      if (share < minShare) continue;
      into.counts[c] = (into.counts[c] ?? 0) + share;
      for (let d = 0; d < width; d++) {
        const at = c * width + d;
        into.sums[at] = (into.sums[at] ?? 0) + share * (cepstra[row + d] ?? 0);
      }
    }
  };
}

/** `a − b`: with running totals, the statistics of any stretch. */
export function difference(a: Statistics, b: Statistics): Statistics {
  return {
    frames: a.frames - b.frames,
    counts: a.counts.map((count, c) => count - (b.counts[c] ?? 0)),
    sums: a.sums.map((sum, i) => sum - (b.sums[i] ?? 0)),
  };
}

export function copyOf(statistics: Statistics): Statistics {
  return { frames: statistics.frames, counts: statistics.counts.slice(), sums: statistics.sums.slice() };
}

/** Running totals of the loud frames; `totals[i]` holds the frames before `i × step`. */
export function runningTotals(
  features: Features,
  loud: Uint8Array,
  step: number,
  accumulate: Accumulate,
): readonly Statistics[] {
  const running = emptyStatistics();
  const totals = [copyOf(running)];
  for (let frame = 0; frame < features.frames; frame++) {
    if (loud[frame] === 1) accumulate(running, features.cepstra, frame);
    if ((frame + 1) % step === 0 || frame + 1 === features.frames) totals.push(copyOf(running));
  }
  return totals;
}
