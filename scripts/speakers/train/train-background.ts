/** The universal background model: expectation maximization from k-means++ centres. Deterministic for its seed. */
import { components } from "../../../server/shared/diarizer/model.ts";
import { type Background, createAccumulator, emptyStatistics } from "../../../server/shared/diarizer/statistics.ts";
import { front } from "../../../server/shared/diarizer/tuning.ts";
import type { Random } from "../../../client/testkit/fault-plan.ts";

const width = front.cepstra;
const rounds = 25;
/** Of a dimension's variance over all speech: no component may shrink onto a few frames. */
const minVarianceShare = 0.05;

/** @param frames N × D cepstra. */
export function trainBackground(frames: Float32Array, random: Random): Background {
  const count = frames.length / width;
  const overall = momentsOf(frames, count);
  const squares = frames.map((value) => value * value);
  let background: Background = {
    weights: new Float32Array(components).fill(1 / components),
    means: chooseCentres(frames, count, overall.variance, random),
    variances: Float32Array.from({ length: components * width }, (_, i) => overall.variance[i % width] ?? 1),
  };
  for (let round = 0; round < rounds; round++)
    background = improve(background, frames, squares, count, overall.variance);
  return background;
}

function improve(
  background: Background,
  frames: Float32Array,
  squares: Float32Array,
  count: number,
  overallVariance: Float64Array,
): Background {
  const accumulate = createAccumulator(background);
  const statistics = emptyStatistics();
  const squareSums = new Float64Array(components * width);
  for (let frame = 0; frame < count; frame++) {
    const before = statistics.counts.slice();
    accumulate(statistics, frames, frame);
    statistics.counts.forEach((value, c) => {
      const share = value - (before[c] ?? 0);
      if (share === 0) return;
      for (let d = 0; d < width; d++) {
        const at = c * width + d;
        squareSums[at] = (squareSums[at] ?? 0) + share * (squares[frame * width + d] ?? 0);
      }
    });
  }
  const countOf = (i: number): number => Math.max(1e-3, statistics.counts[Math.floor(i / width)] ?? 0);
  const means = Float32Array.from(statistics.sums, (sum, i) => sum / countOf(i));
  return {
    weights: Float32Array.from(statistics.counts, (value) => Math.max(value, 1e-3) / count),
    means,
    variances: Float32Array.from(squareSums, (sum, i) =>
      Math.max(sum / countOf(i) - (means[i] ?? 0) ** 2, minVarianceShare * (overallVariance[i % width] ?? 1)),
    ),
  };
}

function momentsOf(frames: Float32Array, count: number): { variance: Float64Array } {
  const sum = new Float64Array(width);
  const squares = new Float64Array(width);
  frames.forEach((value, i) => {
    const d = i % width;
    sum[d] = (sum[d] ?? 0) + value;
    squares[d] = (squares[d] ?? 0) + value * value;
  });
  return { variance: squares.map((square, d) => square / count - ((sum[d] ?? 0) / count) ** 2) };
}

/** k-means++ (Arthur & Vassilvitskii 2007): frames far from all chosen ones are likelier. */
function chooseCentres(frames: Float32Array, count: number, variance: Float64Array, random: Random): Float32Array {
  const centres = new Float32Array(components * width);
  const nearest = new Float64Array(count).fill(Infinity);
  let chosen = Math.floor(random() * count);
  for (let c = 0; c < components; c++) {
    centres.set(frames.subarray(chosen * width, (chosen + 1) * width), c * width);
    let total = 0;
    for (let frame = 0; frame < count; frame++) {
      let distance = 0;
      for (let d = 0; d < width; d++)
        distance += ((frames[frame * width + d] ?? 0) - (centres[c * width + d] ?? 0)) ** 2 / (variance[d] ?? 1);
      nearest[frame] = Math.min(nearest[frame] ?? 0, distance);
      total += nearest[frame] ?? 0;
    }
    let left = random() * total;
    chosen = nearest.findIndex((distance) => (left -= distance) <= 0);
    if (chosen < 0) chosen = count - 1;
  }
  return centres;
}
