/**
 * Online clustering: each piece joins the cluster whose centroid it is nearest to, or opens one. The clusters may
 * come from elsewhere (another service, a person's hand): one without a usable centroid is carried along and never
 * matched, and none is ever dropped but by a merge that is reported.
 */
import { limits } from "../../../schemas/limits.ts";
import type { SpeakerState } from "../../../schemas/speech/speakers.ts";
import type { Piece } from "./cut.ts";
import { ClusterIds } from "./cluster-ids.ts";
import { type ClusteringRules, voiceRounding } from "./tuning.ts";
import { addScaled, dot } from "./vectors.ts";

export interface Merge {
  readonly from_cluster_id: string;
  readonly into_cluster_id: string;
}

/** What a piece was decided to be. */
export interface Match {
  /** Undefined where nobody is known and it is too short to begin with. */
  readonly clusterId: string | undefined;
  /** Cosine to the nearest centroid before, without the bonus; undefined where there was none. */
  readonly score: number | undefined;
}

type Cluster = SpeakerState["clusters"][number];

/** Where voices are compared, and how alike they must be. */
export interface ClusterSpace {
  /** Values of a voice: a centroid of any other length is not one of ours. */
  readonly voiceValues: number;
  /** In the channel of the recording: cosines are between directions. */
  readonly directionOf: (voice: Float64Array) => Float64Array | undefined;
  readonly rules: ClusteringRules;
}

interface Known {
  readonly cluster: Cluster;
  /** The average voice; undefined where the cluster's centroid is not one of ours. */
  centroid: Float64Array | undefined;
  /** Seconds of speech in the centroid. */
  seconds: number;
  /** Whether this window changed it: what it didn't touch goes back as it came. */
  changed: boolean;
}

/** Cluster → name, by whomever it was bound. */
function boundNames(state: Pick<SpeakerState, "clusters" | "bindings">): Map<string, string> {
  const own = state.clusters.flatMap(({ cluster_id, bound_name }) =>
    bound_name == null ? [] : [[cluster_id, bound_name] as const],
  );
  return new Map([...own, ...Object.entries(state.bindings)]);
}

export class Clusters {
  readonly #known: Known[];
  readonly #space: ClusterSpace;
  readonly #bindings: Map<string, string>;
  /** The bindings, and the names that clusters carry themselves. */
  readonly #names: Map<string, string>;
  readonly #ids: ClusterIds;
  readonly merges: Merge[] = [];
  lastClusterId: string | undefined;

  constructor(
    state: Pick<SpeakerState, "clusters" | "bindings">,
    { lastClusterId, opened }: { lastClusterId: string | undefined; opened: number | undefined },
    space: ClusterSpace,
  ) {
    this.#space = space;
    this.#known = state.clusters.map((cluster) => ({
      cluster,
      centroid: usableCentroid(cluster, space.voiceValues),
      seconds: cluster.sample_count,
      changed: false,
    }));
    this.#bindings = new Map(Object.entries(state.bindings));
    this.#names = boundNames(state);
    this.#ids = new ClusterIds(opened ?? state.clusters.length);
    // A person may have removed or merged it since.
    this.lastClusterId = state.clusters.find(({ cluster_id }) => cluster_id === lastClusterId)?.cluster_id;
  }

  get opened(): number {
    return this.#ids.opened;
  }

  nameOf(clusterId: string): string | undefined {
    return this.#names.get(clusterId);
  }

  isNameTaken(name: string): boolean {
    return [...this.#names.values()].some((other) => other.toLowerCase() === name.toLowerCase());
  }

  /** Only for a cluster without a name: no binding is ever overridden. */
  bind(clusterId: string, name: string): void {
    if (this.#names.has(clusterId)) return;
    this.#names.set(clusterId, name);
    this.#bindings.set(clusterId, name);
  }

  place(piece: Piece): Match {
    const nearest = this.#nearest(piece.voice);
    const { rules } = this.#space;
    const enough = piece.seconds >= (nearest ? rules.minOpenSeconds : rules.minFirstSeconds);
    let clusterId = nearest?.known.cluster.cluster_id;
    if (nearest && nearest.ranked >= rules.join) this.#join(nearest.known, piece);
    else if (enough && this.#hasRoom()) clusterId = this.#open(piece);
    if (clusterId !== undefined) this.lastClusterId = clusterId;
    const score = nearest?.score;
    this.#mergeAlike();
    return { clusterId: clusterId === undefined ? undefined : this.survivorOf(clusterId), score };
  }

  get isEmpty(): boolean {
    return !this.#known.some(({ centroid }) => centroid);
  }

  has(clusterId: string): boolean {
    return this.#find(clusterId) !== undefined;
  }

  /** @returns the cosine to a cluster's centroid; undefined where it has none. */
  scoreOf(clusterId: string, voice: Float64Array): number | undefined {
    const centroid = this.#find(clusterId)?.centroid;
    const [a, b] = [this.#space.directionOf(voice), centroid && this.#space.directionOf(centroid)];
    return a && b ? dot(a, b) : undefined;
  }

  nearestTo(
    voice: Float64Array,
    isWanted: (clusterId: string) => boolean,
  ): { clusterId: string; score: number } | undefined {
    const scores = this.#known.flatMap(({ cluster: { cluster_id: clusterId } }) => {
      const score = isWanted(clusterId) ? this.scoreOf(clusterId, voice) : undefined;
      return score === undefined ? [] : [{ clusterId, score }];
    });
    return scores.toSorted((a, b) => b.score - a.score)[0];
  }

  /** For those who decide elsewhere whose the speech is. */
  teach(clusterId: string, voice: Float64Array, seconds: number): void {
    const known = this.#find(clusterId);
    if (known) this.#join(known, { voice, seconds, runs: [] });
  }

  /** @returns undefined where there is no room for one more. */
  openAs(voice: Float64Array, seconds: number): string | undefined {
    return this.#hasRoom() ? this.#open({ voice, seconds, runs: [] }) : undefined;
  }

  /** Two different names are never joined; the named one stays. */
  mergeInto(fromId: string, intoId: string): void {
    const [from, into] = [this.#find(fromId), this.#find(intoId)];
    const [nameOfFrom, nameOfInto] = [this.nameOf(fromId), this.nameOf(intoId)];
    if (!from || !into || from === into) return;
    if (nameOfFrom !== undefined && nameOfInto !== undefined && nameOfFrom !== nameOfInto) return;
    if (nameOfFrom !== undefined && nameOfInto === undefined) this.#merge(into, from);
    else this.#merge(from, into);
  }

  #find(clusterId: string): Known | undefined {
    return this.#known.find(({ cluster }) => cluster.cluster_id === clusterId);
  }

  /** Follows the merges of this call. */
  survivorOf(clusterId: string): string {
    return this.merges.reduce((id, merge) => (id === merge.from_cluster_id ? merge.into_cluster_id : id), clusterId);
  }

  toState(): Pick<SpeakerState, "clusters" | "bindings"> {
    return {
      clusters: this.#known.map(({ cluster, centroid, seconds, changed }) =>
        centroid && changed
          ? {
              ...cluster,
              centroid: Array.from(centroid, (value) => Math.round(value * voiceRounding) / voiceRounding),
              sample_count: Math.round(seconds * 100) / 100,
            }
          : cluster,
      ),
      bindings: Object.fromEntries(this.#bindings),
    };
  }

  #nearest(voice: Float64Array): { known: Known; score: number; ranked: number } | undefined {
    const direction = this.#space.directionOf(voice);
    let best: { known: Known; score: number; ranked: number } | undefined;
    for (const known of this.#known) {
      const other = known.centroid && this.#space.directionOf(known.centroid);
      if (!direction || !other) continue;
      const score = dot(direction, other);
      const ranked = score + (known.cluster.cluster_id === this.lastClusterId ? this.#space.rules.lastSpeakerBonus : 0);
      if (!best || ranked > best.ranked) best = { known, score, ranked };
    }
    return best;
  }

  #join(known: Known, { voice, seconds }: Piece): void {
    if (!known.centroid) return;
    known.centroid = this.#weightedMean(known.centroid, known.seconds, voice, seconds);
    known.seconds += seconds;
    known.changed = true;
  }

  #hasRoom(): boolean {
    const opened = this.#known.filter(({ centroid }) => centroid).length;
    return opened < this.#space.rules.maxOpened && this.#known.length < limits.maxClusters;
  }

  #open({ voice, seconds }: Piece): string {
    const used = new Set([
      ...this.#known.map(({ cluster }) => cluster.cluster_id),
      ...this.#bindings.keys(),
      ...this.merges.map((merge) => merge.from_cluster_id),
    ]);
    const id = this.#ids.next(used);
    this.#known.push({
      cluster: { cluster_id: id, centroid: [], sample_count: 0 },
      centroid: voice,
      seconds,
      changed: true,
    });
    return id;
  }

  /** Two clusters that turn out to be one voice. Two different names are never joined. */
  #mergeAlike(): void {
    for (;;) {
      const pair = this.#mostAlike();
      if (!pair) return;
      this.#merge(pair.from, pair.into);
    }
  }

  #mostAlike(): { from: Known; into: Known } | undefined {
    let highest: number = this.#space.rules.merge;
    let pair: { from: Known; into: Known } | undefined;
    const directions = this.#known.map(({ centroid }) => centroid && this.#space.directionOf(centroid));
    this.#known.forEach((a, i) => {
      this.#known.slice(i + 1).forEach((b, k) => {
        const [directionOfA, directionOfB] = [directions[i], directions[i + 1 + k]];
        if (!directionOfA || !directionOfB) return;
        const score = dot(directionOfA, directionOfB);
        if (score < highest) return;
        const [nameOfA, nameOfB] = [this.nameOf(a.cluster.cluster_id), this.nameOf(b.cluster.cluster_id)];
        if (nameOfA !== undefined && nameOfB !== undefined && nameOfA !== nameOfB) return;
        highest = score;
        // The named one stays; else the older.
        pair = nameOfA === undefined && nameOfB !== undefined ? { from: a, into: b } : { from: b, into: a };
      });
    });
    return pair;
  }

  #merge(from: Known, into: Known): void {
    const [fromId, intoId] = [from.cluster.cluster_id, into.cluster.cluster_id];
    if (from.centroid && into.centroid)
      into.centroid = this.#weightedMean(into.centroid, into.seconds, from.centroid, from.seconds);
    into.seconds += from.seconds;
    into.changed = true;
    this.#known.splice(this.#known.indexOf(from), 1);
    this.#bindings.delete(fromId);
    this.#names.delete(fromId);
    this.merges.push({ from_cluster_id: fromId, into_cluster_id: intoId });
    if (this.lastClusterId === fromId) this.lastClusterId = intoId;
  }

  /** A weight is capped, so that a long meeting's centroid still follows a voice that tires. */
  #weightedMean(a: Float64Array, aSeconds: number, b: Float64Array, bSeconds: number): Float64Array {
    const { maxCentroidSeconds } = this.#space.rules;
    const aWeight = Math.min(aSeconds, maxCentroidSeconds);
    const bWeight = Math.min(bSeconds, maxCentroidSeconds);
    const mean = new Float64Array(a.length);
    addScaled(mean, a, aWeight / (aWeight + bWeight));
    addScaled(mean, b, bWeight / (aWeight + bWeight));
    return mean;
  }
}

function usableCentroid({ centroid, sample_count }: Cluster, voiceValues: number): Float64Array | undefined {
  const isOurs = centroid.length === voiceValues && sample_count > 0 && centroid.some((value) => value !== 0);
  return isOurs ? Float64Array.from(centroid) : undefined;
}
