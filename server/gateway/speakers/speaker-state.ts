/** The speakers' state as it is shown, from what is stored and what the log says. Pure. */
import { clusterOf, type SpeakerView } from "../../../schemas/speech/speaker-view.ts";
import type { Cluster, Roster, SpeakerState } from "../../../schemas/speech/speakers.ts";

/** What is stored of the speakers beside the log. */
export interface StoredSpeakers {
  readonly clusters: readonly Cluster[];
  readonly config: SpeakerState["config"];
  readonly roster?: Roster | undefined;
}

/**
 * The state as people see it: a cluster that a person made by splitting off a turn has no centroid, nor one that came back by
 * an undo where nobody kept it.
 */
export function stateOf(stored: StoredSpeakers, view: SpeakerView): SpeakerState {
  const known = new Set(stored.clusters.map(({ cluster_id }) => cluster_id));
  const assigned = [...view.reassigned.values()].map(({ cluster_id }) => clusterOf(view, cluster_id));
  const parted = view.apart.flat().map((cluster_id) => clusterOf(view, cluster_id));
  const made = [...new Set([...assigned, ...parted])]
    .filter((id) => !known.has(id))
    .map((cluster_id): Cluster => ({ cluster_id, centroid: [], sample_count: 0 }));
  return withNames({ ...stored, clusters: [...stored.clusters, ...made] }, view);
}

export function withNames({ clusters, config, roster }: StoredSpeakers, { bindings }: SpeakerView): SpeakerState {
  return {
    clusters: clusters.map(({ cluster_id, centroid, sample_count }) => {
      const bound_name = bindings.get(cluster_id)?.name;
      return { cluster_id, centroid, sample_count, ...(bound_name === undefined ? {} : { bound_name }) };
    }),
    bindings: Object.fromEntries([...bindings].map(([id, { name }]) => [id, name])),
    ...(roster ? { roster } : {}),
    config,
  };
}
