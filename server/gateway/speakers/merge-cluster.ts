import type { Cluster } from "../../../schemas/speech/speakers.ts";

/** Two clusters as one, under the first's id: the mean of their centroids, weighted by their samples. */
export function mergeCluster(into: Cluster, from: Cluster): Cluster {
  const sample_count = into.sample_count + from.sample_count;
  if (into.centroid.length === 0) return { ...into, centroid: from.centroid, sample_count };
  // Of two different models' centroids there is no mean.
  if (from.centroid.length !== into.centroid.length) return { ...into, sample_count };
  const share = sample_count === 0 ? 0.5 : from.sample_count / sample_count;
  const centroid = into.centroid.map((value, i) => value + share * ((from.centroid[i] ?? value) - value));
  return { ...into, centroid, sample_count };
}
