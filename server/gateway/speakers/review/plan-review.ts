/**
 * What a second look at a track says to the log (R17, R18): whose voice each of its voices is, by what was known of the track before,
 * and the turns that hold from now on. Pure.
 */
import { chunkMs } from "../../../../schemas/wire/audio.ts";
import { firstIndex } from "../../../../schemas/lib/bisect.ts";
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import type { EventBody } from "../../../../schemas/speech/events.ts";
import type { ReviewSegment } from "../../../../schemas/speech/review.ts";
import {
  bindingOf,
  clusterOf,
  clusterOfTurn,
  isPlacedByPerson,
  type SpeakerView,
} from "../../../../schemas/speech/speaker-view.ts";
import type { Cluster } from "../../../../schemas/speech/speakers.ts";
import { type Span, type Stretch, unionOf } from "../../../../schemas/speech/stretches.ts";
import { bestPairs } from "../../../shared/diarizer/best-pairs.ts";

/** A voice is a cluster only if they share this much of what the one speaks that speaks less. */
const leastShare = 1 / 3;

export interface ReviewInput {
  readonly track: string;
  /** The track's last second. */
  readonly lastSeq: number;
  /** What the service says: in order of their beginnings, those of one voice apart, inside the track. */
  readonly segments: readonly ReviewSegment[];
  /** What stands of the track now. */
  readonly standing: readonly Stretch[];
  readonly view: SpeakerView;
  /** The clusters that are kept now. */
  readonly clusters: readonly Cluster[];
  /** Ids that the log's turns have. */
  readonly idsOfTurns: Iterable<string>;
  /** How many events the log has. */
  readonly eventCount: number;
}

export interface ReviewPlan {
  readonly events: readonly EventBody[];
  /** Clusters that nobody knew before. */
  readonly made: readonly Cluster[];
}

interface Piece extends Span {
  readonly clusterId: string;
}

/** @returns the plan, or why there is none. */
export function planReview(input: ReviewInput): Result<ReviewPlan, string> {
  const { track, lastSeq, segments, standing, view, clusters, eventCount } = input;
  const to_seq = lastSeq;
  const reviewed = { type: "resolve.reviewed", track, from_seq: 1, to_seq, by: "inference" } as const;
  // Nobody heard is no reason to take back what was heard before.
  if (segments.length === 0) return ok({ events: [reviewed], made: [] });
  const spoken = new Map<string, Span[]>();
  for (const stretch of standing) append(spoken, clusterOfTurn(view, stretch.event), stretch);
  const voices = new Map<string, ReviewSegment[]>();
  for (const segment of segments) append(voices, segment.speaker, segment);
  const idOf = idsOf(voices, spoken);
  const unknown = [...voices.keys()].filter((voice) => !idOf.has(voice));
  const fresh = freshIds(input, spoken.keys(), unknown.length);
  if (clusters.length + fresh.length > limits.maxClusters) return err("the session has no room for so many speakers");
  unknown.forEach((voice, i) => idOf.set(voice, fresh[i] ?? ""));
  const kept = stretchesToKeep(standing, view, new Set(idOf.values()));
  const pieces = [...kept, ...without(segments, unionOf(kept), idOf)]
    .flatMap((piece) => [...inWindows(piece)])
    .sort((a, b) => a.start_ms - b.start_ms || a.end_ms - b.end_ms);
  const turns = pieces.map((piece, i): EventBody => {
    // One that bears all of the track is enough: what comes after it is newer than what it replaces.
    const place = i === 0 && eventCount > 0 ? { from_seq: 1, to_seq, replaces: eventCount } : secondsOf(piece);
    return { ...turnOf(piece, track, view), ...place };
  });
  const made = fresh.map((cluster_id): Cluster => ({ cluster_id, centroid: [], sample_count: 0 }));
  return ok({ events: [...turns, { ...reviewed, ...(eventCount > 0 && { replaces: eventCount }) }], made });
}

/** Voices by the cluster that each is: so that as much as possible of what is said stays with whom it was. */
function idsOf(
  voices: ReadonlyMap<string, readonly ReviewSegment[]>,
  spoken: ReadonlyMap<string, readonly Span[]>,
): Map<string, string> {
  const [names, ids] = [[...voices.keys()], [...spoken.keys()]];
  const lengths = ids.map((id) => lengthOf(spoken.get(id) ?? []));
  const weights = [...voices.values()].map((said) => {
    const length = lengthOf(said);
    return ids.map((id, i) => {
      const shared = sharedMs(spoken.get(id) ?? [], said);
      return shared >= leastShare * Math.min(length, lengths[i] ?? 0) ? shared : 0;
    });
  });
  const pairs = bestPairs(weights);
  return new Map(
    names.flatMap((name, row): [string, string][] => {
      const id = ids[pairs[row] ?? -1];
      return id === undefined ? [] : [[name, id]];
    }),
  );
}

/** Where both speak, ms. @param said in order, apart. */
function sharedMs(spans: readonly Span[], said: readonly Span[]): number {
  let shared = 0;
  for (const { start_ms, end_ms } of spans) {
    for (let i = firstIndex(said.length, (at) => (said[at]?.end_ms ?? 0) > start_ms); i < said.length; i += 1) {
      const other = said[i];
      if (!other || other.start_ms >= end_ms) break;
      shared += Math.min(end_ms, other.end_ms) - Math.max(start_ms, other.start_ms);
    }
  }
  return shared;
}

/**
 * What somebody said of a speaker is not lost with a voice that the second look does not hear: who has a name, or was parted from
 * another by a person, keeps the turns. (A turn that a person placed stays by itself.)
 */
function stretchesToKeep(standing: readonly Stretch[], view: SpeakerView, heard: ReadonlySet<string>): Piece[] {
  const parted = new Set(view.apart.flat().map((id) => clusterOf(view, id)));
  return standing.flatMap(({ event, start_ms, end_ms }) => {
    const clusterId = clusterOfTurn(view, event);
    if (heard.has(clusterId) || isPlacedByPerson(view, event.event_id)) return [];
    return bindingOf(view, clusterId) || parted.has(clusterId) ? [{ clusterId, start_ms, end_ms }] : [];
  });
}

/** The segments with the holes cut out of them. @param holes apart, in order. */
function without(
  segments: readonly ReviewSegment[],
  holes: readonly Span[],
  idOf: ReadonlyMap<string, string>,
): Piece[] {
  const pieces: Piece[] = [];
  for (const { speaker, start_ms, end_ms } of segments) {
    const clusterId = idOf.get(speaker) ?? "";
    let from = start_ms;
    for (let i = firstIndex(holes.length, (at) => (holes[at]?.end_ms ?? 0) > from); i < holes.length; i += 1) {
      const hole = holes[i];
      if (!hole || hole.start_ms >= end_ms) break;
      if (from < hole.start_ms) pieces.push({ clusterId, start_ms: from, end_ms: hole.start_ms });
      from = hole.end_ms;
    }
    if (from < end_ms) pieces.push({ clusterId, start_ms: from, end_ms });
  }
  return pieces;
}

/** No turn is longer than a window: by that its place is found in a long log. */
function* inWindows({ clusterId, start_ms, end_ms }: Piece): Generator<Piece> {
  for (let from = start_ms; from < end_ms;) {
    const to = Math.min(end_ms, (Math.floor(from / chunkMs) + limits.maxWindowChunks) * chunkMs);
    yield { clusterId, start_ms: from, end_ms: to };
    from = to;
  }
}

function secondsOf({ start_ms, end_ms }: Span): { readonly from_seq: number; readonly to_seq: number } {
  return { from_seq: Math.floor(start_ms / chunkMs) + 1, to_seq: Math.ceil(end_ms / chunkMs) };
}

function turnOf({ clusterId, start_ms, end_ms }: Piece, track: string, view: SpeakerView): EventBody {
  const binding = bindingOf(view, clusterId);
  const decision = !binding ? "unknown" : binding.by === "person" ? "auto" : "confirm";
  const speaker_name = binding?.name ?? null;
  return {
    type: "speaker.resolved",
    track,
    start_ms,
    end_ms,
    cluster_id: clusterId,
    speaker_name,
    decision,
    by: "inference",
  };
}

/** Ids that nothing in the log means yet (S5). */
function freshIds({ view, clusters, idsOfTurns }: ReviewInput, standing: Iterable<string>, count: number): string[] {
  const used = new Set([
    ...view.merged.keys(),
    ...view.bindings.keys(),
    ...view.reserved,
    ...[...view.reassigned.values()].map(({ cluster_id }) => cluster_id),
    ...clusters.map(({ cluster_id }) => cluster_id),
    ...idsOfTurns,
    ...standing,
  ]);
  const fresh: string[] = [];
  for (let n = 2; fresh.length < count; n += 1) if (!used.has(`r${n}`)) fresh.push(`r${n}`);
  return fresh;
}

function lengthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, { start_ms, end_ms }) => sum + end_ms - start_ms, 0);
}

function append<T>(lists: Map<string, T[]>, key: string, value: T): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
