/**
 * Who speaks in a window, given the steps that are remembered: all of them are grouped anew, and a group is the cluster that most
 * of its remembered steps were given to. So a voice that was heard for a second becomes somebody when it goes on, and two clusters
 * that turn out to be one are merged.
 */
import type { Clusters } from "../../shared/diarizer/clusters.ts";
import { assignGreedily } from "./assign-greedily.ts";
import { groupSteps } from "./group.ts";
import type { Step } from "./heard-steps.ts";
import type { RememberedStep } from "./history.ts";
import { following, steps as lengths } from "./tuning.ts";

export interface Followed {
  /** Of each new step. */
  readonly given: readonly (string | undefined)[];
  /** All steps, the new ones last, with whom they were given to. */
  readonly history: readonly RememberedStep[];
}

/** @param remembered steps of clusters that are no more are taken as given to nobody. */
export function follow(remembered: readonly RememberedStep[], fresh: readonly Step[], clusters: Clusters): Followed {
  const known = remembered.map((step) =>
    step.clusterId !== undefined && !clusters.has(step.clusterId) ? { ...step, clusterId: undefined } : step,
  );
  const all = [...known, ...fresh];
  const { path, voices } = groupSteps(all);
  const counts = countsOf(path, known);
  const idOf = new Map<number, string>(assignGreedily(counts));
  mergeWhatIsOne(counts, idOf, clusters);
  for (const [group, id] of idOf) idOf.set(group, clusters.survivorOf(id));
  const size = (group: number): number => path.reduce((sum, other) => sum + (other === group ? 1 : 0), 0);
  const freshIn = (group: number): number =>
    path.slice(known.length).reduce((sum, other) => sum + (other === group ? 1 : 0), 0);
  for (const [group, voice] of voices.entries()) {
    const seconds = (freshIn(group) * lengths.stepMs) / 1_000;
    const id = idOf.get(group);
    if (seconds === 0) continue;
    if (id !== undefined) {
      clusters.teach(id, scaled(voice), seconds);
      continue;
    }
    const taken = new Set(idOf.values());
    const other = clusters.nearestTo(voice, (clusterId) => !taken.has(clusterId));
    if (other && other.score >= following.joinKnown) {
      clusters.teach(other.clusterId, scaled(voice), seconds);
      idOf.set(group, other.clusterId);
    } else if (size(group) >= (clusters.isEmpty ? following.firstSteps : following.leastSteps)) {
      const opened = clusters.openAs(scaled(voice), seconds);
      if (opened !== undefined) idOf.set(group, opened);
    }
  }
  for (const [group, voice] of voices.entries()) {
    const nearest = idOf.has(group) ? undefined : clusters.nearestTo(voice, () => true);
    if (nearest) idOf.set(group, nearest.clusterId);
  }
  const given = path.slice(known.length).map((group) => idOf.get(group));
  return {
    given,
    history: [
      ...known.map((step) => ({
        ...step,
        clusterId: step.clusterId === undefined ? undefined : clusters.survivorOf(step.clusterId),
      })),
      ...fresh.map(({ voice, frames, isFirst }, i) => ({ voice, frames, isFirst, clusterId: given[i] })),
    ],
  };
}

/** Group → cluster → remembered steps. */
function countsOf(path: readonly number[], known: readonly RememberedStep[]): Map<number, Map<string, number>> {
  const counts = new Map<number, Map<string, number>>();
  for (const [i, { clusterId }] of known.entries()) {
    const group = path[i];
    if (clusterId === undefined || group === undefined) continue;
    const of = counts.get(group) ?? new Map<string, number>();
    counts.set(group, of.set(clusterId, (of.get(clusterId) ?? 0) + 1));
  }
  return counts;
}

/** A cluster without a group of its own, nearly all of whose steps lie in another's: the two are one voice. */
function mergeWhatIsOne(
  counts: ReadonlyMap<number, ReadonlyMap<string, number>>,
  idOf: ReadonlyMap<number, string>,
  clusters: Clusters,
): void {
  const totals = new Map<string, number>();
  for (const of of counts.values()) for (const [id, count] of of) totals.set(id, (totals.get(id) ?? 0) + count);
  const owners = new Set(idOf.values());
  for (const [group, of] of counts) {
    const into = idOf.get(group);
    if (into === undefined) continue;
    for (const [id, count] of of)
      if (!owners.has(id) && count >= following.mergeShare * (totals.get(id) ?? 0)) clusters.mergeInto(id, into);
  }
}

/** To a length of √n, so that values are around 1 and survive the rounding of centroids. */
function scaled(voice: Float64Array): Float64Array {
  return voice.map((value) => value * Math.sqrt(voice.length));
}
