/**
 * What the room makes of an answer of the speaker-resolve service: the clusters to keep and the events to log.
 * Pure. The answer was computed from the state that was sent; a person may have spoken since, and a person's
 * word stands: it is the difference between `sent` and the answer that counts, not the answer as a whole.
 */
import { chunkMs } from "../../../schemas/wire/audio.ts";
import type { EventBody } from "../../../schemas/speech/events.ts";
import { limits } from "../../../schemas/limits.ts";
import {
  applyToView,
  areKeptApart,
  bindingOf,
  clusterOf,
  isRefused,
  type SpeakerView,
} from "../../../schemas/speech/speaker-view.ts";
import {
  type Cluster,
  evidenceSchema,
  type ResolveAnswer,
  type SpeakerState,
} from "../../../schemas/speech/speakers.ts";
import { joinMerged } from "./merge-cluster.ts";

/** Where on a track the audio lies. */
export interface Place {
  readonly track: string;
  readonly from_seq: number;
  readonly to_seq: number;
  /** The last event of the time before, where this window is resolved anew. */
  readonly replaces?: number;
}

export interface Absorbed {
  readonly clusters: readonly Cluster[];
  readonly events: readonly EventBody[];
}

export interface AbsorbInput {
  readonly answer: ResolveAnswer;
  /** The state that the answer was computed from. */
  readonly sent: SpeakerState;
  /** The clusters kept now. */
  readonly current: readonly Cluster[];
  /** The log's view now; changed by the events that come out. */
  readonly view: SpeakerView;
  /** Undefined for audio that a caller posted: it has no place on the timeline. */
  readonly place: Place | undefined;
}

export function absorbAnswer(input: AbsorbInput): Absorbed {
  const { view } = input;
  const answer = withFreshIds(input);
  const events: EventBody[] = [];
  const note = (event: EventBody): void => {
    applyToView(view, event);
    events.push(event);
  };
  const asTheyWere = new Set([...partedMeanwhile(input), ...noteMerges(answer, view, note)]);
  const clusters = clustersAfter({ ...input, answer }, asTheyWere);
  for (const event of bindingEvents(answer, input.sent, view)) note(event);
  return { clusters, events: [...events, ...turnEvents(answer, input.place, view)] };
}

/**
 * A service that numbers its clusters by counting may give a new cluster the id of one that was merged away or
 * made by a person. The new one then gets another: the room's log has the older meaning.
 */
function withFreshIds({ answer, sent, current, view }: AbsorbInput): ResolveAnswer {
  const sentIds = new Set(sent.clusters.map(({ cluster_id }) => cluster_id));
  const used = new Set([
    ...view.merged.keys(),
    ...view.bindings.keys(),
    ...view.reserved,
    ...[...view.reassigned.values()].map(({ cluster_id }) => cluster_id),
    ...current.map(({ cluster_id }) => cluster_id),
  ]);
  const taken = new Set([...used, ...answer.updated_state.clusters.map(({ cluster_id }) => cluster_id)]);
  const fresh = new Map<string, string>();
  for (const { cluster_id: id } of answer.updated_state.clusters) {
    if (sentIds.has(id) || !used.has(id)) continue;
    let n = 2;
    while (taken.has(`r${n}`)) n += 1;
    taken.add(`r${n}`);
    fresh.set(id, `r${n}`);
  }
  if (fresh.size === 0) return answer;
  const rename = (id: string): string => fresh.get(id) ?? id;
  const { updated_state: state } = answer;
  return {
    ...answer,
    cluster_id: rename(answer.cluster_id),
    updated_state: {
      ...state,
      clusters: state.clusters.map((cluster) => ({ ...cluster, cluster_id: rename(cluster.cluster_id) })),
      bindings: Object.fromEntries(Object.entries(state.bindings).map(([id, name]) => [rename(id), name])),
    },
    ...(answer.segments && {
      segments: answer.segments.map((segment) => ({ ...segment, cluster_id: rename(segment.cluster_id) })),
    }),
    ...(answer.merges && {
      merges: answer.merges.map(({ from_cluster_id, into_cluster_id }) => ({
        from_cluster_id: rename(from_cluster_id),
        into_cluster_id: rename(into_cluster_id),
      })),
    }),
  };
}

/** Inference never joins two clusters that people gave different names, or parted. @returns the clusters of refused merges. */
function noteMerges(
  { merges = [] }: ResolveAnswer,
  view: SpeakerView,
  note: (event: EventBody) => void,
): ReadonlySet<string> {
  const refused = new Set<string>();
  for (const { from_cluster_id: said, into_cluster_id: saidInto } of merges) {
    const [from, into] = [clusterOf(view, said), clusterOf(view, saidInto)];
    if (from === into) continue;
    const [a, b] = [bindingOf(view, from), bindingOf(view, into)];
    const isNamedApart = a?.by === "person" && b?.by === "person" && a.name !== b.name;
    if (isNamedApart || areKeptApart(view, from, into)) refused.add(from).add(into);
    else note({ type: "speaker.merged", cluster_id: from, into_cluster_id: into, by: "inference" });
  }
  return refused;
}

/** Clusters that a person took apart while the answer was under way: it was made as if they were one. */
function partedMeanwhile({ sent, current, view }: AbsorbInput): ReadonlySet<string> {
  const sentIds = new Set(sent.clusters.map(({ cluster_id }) => cluster_id));
  const parted = new Set(current.flatMap(({ cluster_id: id }) => (sentIds.has(id) ? [] : [id])));
  const others = view.apart.flatMap((pair) => {
    const ids = pair.map((id) => clusterOf(view, id));
    return ids.some((id) => parted.has(id)) ? ids : [];
  });
  return new Set([...parted, ...others]);
}

/**
 * The answer's clusters, with what people merged meanwhile folded in, what a refused merge or an undo mixed up as it was, and
 * what has a name but was dropped by the service still there.
 */
function clustersAfter({ answer, current, view }: AbsorbInput, asTheyWere: ReadonlySet<string>): Cluster[] {
  const before = new Map(current.map((cluster) => [cluster.cluster_id, cluster]));
  const answered = answer.updated_state.clusters.map((cluster) =>
    asTheyWere.has(cluster.cluster_id) ? (before.get(cluster.cluster_id) ?? cluster) : cluster,
  );
  const kept = new Map(joinMerged(answered, view).map((cluster) => [cluster.cluster_id, cluster]));
  for (const [id, cluster] of before) {
    if (kept.size >= limits.maxClusters || kept.has(id) || clusterOf(view, id) !== id) continue;
    if (asTheyWere.has(id) || view.bindings.has(id)) kept.set(id, cluster);
  }
  return [...kept.values()];
}

/** Names that the service newly gave or took, where no person decided otherwise. */
function bindingEvents(answer: ResolveAnswer, sent: SpeakerState, view: SpeakerView): EventBody[] {
  const before = namesIn(sent);
  const after = namesIn(answer.updated_state);
  const evidence = evidenceSchema.parse(answer.evidence);
  const events: EventBody[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const name = after.get(id);
    const binding = bindingOf(view, id);
    if (name === before.get(id) || binding?.by === "person" || name === binding?.name) continue;
    if (name === undefined) {
      // A cluster that the service merged away takes its name along; that is no unbinding.
      if (!view.merged.has(id)) {
        events.push({ type: "speaker.unbound", cluster_id: id, speaker_name: binding?.name ?? null, by: "inference" });
      }
    } else if (!isRefused(view, id, name)) {
      const { decision } = answer;
      events.push({ type: "speaker.bound", cluster_id: id, speaker_name: name, decision, evidence, by: "inference" });
    }
  }
  return events;
}

function namesIn({ clusters, bindings }: SpeakerState): Map<string, string> {
  const own = clusters.flatMap(({ cluster_id, bound_name }): [string, string][] =>
    bound_name == null ? [] : [[cluster_id, bound_name]],
  );
  return new Map([...own, ...Object.entries(bindings)]);
}

function turnEvents(answer: ResolveAnswer, place: Place | undefined, view: SpeakerView): EventBody[] {
  const evidence = evidenceSchema.parse(answer.evidence);
  const turn = (clusterId: string): EventBody => {
    const cluster_id = clusterOf(view, clusterId);
    const binding = bindingOf(view, cluster_id);
    const suggested = cluster_id === clusterOf(view, answer.cluster_id) ? answer.speaker_name : null;
    const allowed = suggested !== null && isRefused(view, cluster_id, suggested) ? null : suggested;
    const decision = binding?.by === "person" ? "auto" : answer.decision;
    const speaker_name = binding?.name ?? allowed;
    return { type: "speaker.resolved", cluster_id, speaker_name, decision, evidence, by: "inference" };
  };
  if (!place || !answer.segments) return [{ ...turn(answer.cluster_id), ...place }];
  const { track, from_seq, to_seq, replaces } = place;
  const base = (from_seq - 1) * chunkMs;
  const end = to_seq * chunkMs;
  return answer.segments.flatMap((segment) => {
    const start_ms = base + segment.start_ms;
    const end_ms = Math.min(end, base + segment.end_ms);
    if (start_ms >= end_ms) return [];
    const where = { track, from_seq, to_seq, ...(replaces === undefined ? {} : { replaces }) };
    return [{ ...turn(segment.cluster_id), ...where, start_ms, end_ms }];
  });
}
