/** Clusters that are one person. Pure. */
import { clusterOf, type SpeakerView } from "../../../schemas/speech/speaker-view.ts";
import type { Cluster } from "../../../schemas/speech/speakers.ts";

/** The clusters with those that the view has merged as one, in the order in which they first come. */
export function joinMerged(clusters: readonly Cluster[], view: SpeakerView): Cluster[] {
  const joined = new Map<string, Cluster>();
  for (const cluster of clusters) {
    const own = { ...cluster, cluster_id: clusterOf(view, cluster.cluster_id) };
    const into = joined.get(own.cluster_id);
    joined.set(own.cluster_id, into ? mergeCluster(into, own) : own);
  }
  return [...joined.values()];
}

/** As `mergeCluster`, where of one of them, or of both, nothing may be known. */
export function mergeKnown(into: Cluster | undefined, from: Cluster | undefined, id: string): Cluster | undefined {
  if (into && from) return mergeCluster(into, from);
  return into ?? (from && { ...from, cluster_id: id });
}

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
