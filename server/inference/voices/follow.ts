/**
 * Who speaks in a window, given the steps that are remembered: all of them are grouped anew, and a group is the cluster that most
 * of its remembered steps were given to. So a voice that was heard for a second becomes somebody when it goes on, and two clusters
 * that turn out to be one are merged.
 */
import type { Clusters } from "../../shared/diarizer/clusters.ts";
import { addScaled, toUnit } from "../../shared/diarizer/vectors.ts";
import { assignGreedily } from "./assign-greedily.ts";
import type { DirectionOf } from "./both-voices.ts";
import type { HeardStep, RememberedStep } from "./history.ts";
import type { AtOnce } from "./overlap.ts";
import { secondVoices } from "./second-voices.ts";
import { following, steps as lengths } from "./tuning.ts";
import { groupSteps } from "./voice-groups.ts";

export interface Followed {
  /** Of each new step. */
  readonly given: readonly (string | undefined)[];
  /** Who else speaks in each new step, of those who are known by now. */
  readonly others: readonly (string | undefined)[];
  /** What was remembered, with whom it is given to now. */
  readonly known: readonly RememberedStep[];
}

interface FreshStep extends HeardStep {
  readonly together: number;
}

interface Listening {
  readonly directionOf: DirectionOf;
  /** Undefined where a second voice is not looked for. */
  readonly atOnce: AtOnce | undefined;
}

/**
 * @param remembered steps of clusters that are no more are taken as given to nobody.
 * @param fresh at least one.
 */
export function follow(
  remembered: readonly RememberedStep[],
  fresh: readonly FreshStep[],
  clusters: Clusters,
  { directionOf, atOnce }: Listening,
): Followed {
  const known = remembered.map((step) =>
    step.clusterId !== undefined && !clusters.has(step.clusterId) ? { ...step, clusterId: undefined } : step,
  );
  const all = [...known, ...fresh].map((step, i) => ({
    ...step,
    voice: directionOf(step),
    count: i < known.length ? following.every : 1,
  }));
  const { path, voices } = groupSteps(all);
  const counts = countsOf(path, known);
  const idOf = new Map<number, string>(assignGreedily(counts));
  mergeWhatIsOne(counts, idOf, clusters);
  for (const [group, id] of idOf) idOf.set(group, clusters.survivorOf(id));
  const centreOf = (steps: readonly HeardStep[], group: number, offset = 0): Float64Array | undefined =>
    meanOf(steps.filter((_, i) => path[offset + i] === group));
  for (const group of voices.keys()) {
    const said = path.slice(known.length).filter((of) => of === group).length;
    const centroid = centreOf(fresh, group, known.length);
    if (!centroid) continue;
    const seconds = (said * lengths.stepMs) / 1_000;
    const id = idOf.get(group);
    if (id !== undefined) {
      clusters.teach(id, centroid, seconds);
      continue;
    }
    const taken = new Set(idOf.values());
    const other = clusters.nearestTo(centreOf(all, group) ?? centroid, (clusterId) => !taken.has(clusterId));
    const size = all.reduce((sum, { count }, i) => sum + (path[i] === group ? count : 0), 0);
    if (other && other.score >= following.joinKnown) {
      clusters.teach(other.clusterId, centroid, seconds);
      idOf.set(group, other.clusterId);
    } else if (size >= (clusters.isEmpty ? following.firstSteps : following.leastSteps)) {
      const opened = clusters.openAs(centroid, seconds);
      if (opened !== undefined) idOf.set(group, opened);
    }
  }
  for (const group of voices.keys()) {
    const centroid = idOf.has(group) ? undefined : centreOf(all, group);
    const nearest = centroid && clusters.nearestTo(centroid, () => true);
    if (nearest) idOf.set(group, nearest.clusterId);
  }
  const given = path.slice(known.length).map((group) => idOf.get(group));
  const seconds =
    atOnce &&
    secondVoices(
      fresh.map((step) => ({ ...step, voice: directionOf(step) })),
      { path: path.slice(known.length), voices },
      atOnce,
    );
  return {
    given,
    others: given.map((id, i) => {
      const other = idOf.get(seconds?.[i] ?? -1);
      return other === id ? undefined : other;
    }),
    known: known.map((step) => ({
      ...step,
      clusterId: step.clusterId === undefined ? undefined : clusters.survivorOf(step.clusterId),
    })),
  };
}

/** Both voices of a step as one list of numbers around 1, which survive the rounding of centroids. */
export function centroidOf({ neural, classical }: HeardStep): Float64Array {
  const unit = toUnit(Float64Array.from(neural)) ?? neural;
  return Float64Array.from([...Array.from(unit, (value) => value * Math.sqrt(unit.length)), ...classical]);
}

function meanOf(steps: readonly HeardStep[]): Float64Array | undefined {
  let sum: Float64Array | undefined;
  for (const step of steps) {
    const voice = centroidOf(step);
    if (sum) addScaled(sum, voice, 1);
    else sum = voice;
  }
  return sum?.map((value) => value / steps.length);
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
