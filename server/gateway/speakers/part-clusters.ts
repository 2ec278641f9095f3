/** What the resolver knows of two clusters once their merge is undone (S7). Pure. */
import { clusterOf, type SpeakerView } from "../../../schemas/speech/speaker-view.ts";
import type { Cluster } from "../../../schemas/speech/speakers.ts";
import { joinMerged, mergeKnown } from "./merge-cluster.ts";
import type { KeptMerge } from "./merge-store.ts";

/** A cluster without what a merge had brought into it, for as long as that was there: until that event. */
interface Part {
  readonly cluster: Cluster | undefined;
  readonly until: number;
}

/**
 * Both clusters as they were before their merge, with what was merged into either since then and still is. Samples that came
 * since count for the one that went on; they move its centroid no more, for nobody knows whose they were.
 * @param kept the merges that bear on it, in the order of the joins.
 * @param view as it is after the undo.
 */
export function partClusters(
  current: readonly Cluster[],
  undoneId: number,
  kept: readonly KeptMerge[],
  view: SpeakerView,
): Cluster[] {
  const own = kept.find(({ event_id }) => event_id === undoneId);
  if (!own) return [...current];
  const parts = replay(kept);
  const [from, goneOn] = [clusterOf(view, own.from_id), clusterOf(view, own.into_id)];
  const [part, rest] = [parts.get(from)?.cluster, parts.get(goneOn)?.cluster];
  if (from === goneOn) return [...current];
  const samples = current.find(({ cluster_id }) => cluster_id === goneOn)?.sample_count ?? 0;
  const sample_count = Math.max(rest?.sample_count ?? 0, samples - (part?.sample_count ?? 0));
  const others = current.filter(({ cluster_id }) => cluster_id !== from);
  const left = others.map((cluster) => (rest && cluster.cluster_id === goneOn ? { ...rest, sample_count } : cluster));
  return joinMerged(part ? [...left, part] : left, view);
}

/** Makes the merges again that hold, out of the clusters that those which do not hold had joined. */
function replay(kept: readonly KeptMerge[]): ReadonlyMap<string, Part> {
  const parts = new Map<string, Part>();
  for (const { joined_by, from_id, into_id, from, into, undone_by } of kept) {
    // What was parted before this merge had changed by then: it was kept anew.
    const [known, knownInto] = [from_id, into_id].map((id) => {
      const part = parts.get(id);
      return part && part.until > joined_by ? part : undefined;
    });
    const [one, other] = [known ? known.cluster : from, knownInto ? knownInto.cluster : into];
    if (undone_by !== null) {
      parts.set(from_id, { cluster: one, until: undone_by });
      parts.set(into_id, { cluster: other, until: undone_by });
    } else if (known || knownInto) {
      parts.delete(from_id);
      const until = Math.max(known?.until ?? 0, knownInto?.until ?? 0);
      parts.set(into_id, { cluster: mergeKnown(other, one, into_id), until });
    }
  }
  return parts;
}
