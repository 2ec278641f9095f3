/**
 * What the event log says of the speakers: names, merges, refusals and corrected turns. A pure fold over the
 * events, so that the room, a watcher and whoever reads a result all come to the same (SPEC S1, S2).
 */
import type { Decider, EventBody, EventType, RoomEvent } from "./events.ts";
import { undoneIn } from "./undone.ts";

export interface Binding {
  readonly name: string;
  readonly by: Decider;
}

export interface Reassignment {
  readonly cluster_id: string;
  readonly by: Decider;
}

export interface SpeakerView {
  /** Clusters with a name. Keys are never merged clusters. */
  readonly bindings: Map<string, Binding>;
  /** Merged cluster → the one it went into, which may itself have been merged later. */
  readonly merged: Map<string, string>;
  /** Names that a person said a cluster does not have. */
  readonly refused: Map<string, Set<string>>;
  /** Turns (by `event_id`) that were given to another cluster later, and by whom. */
  readonly reassigned: Map<number, Reassignment>;
  /** Events that somebody took back (by `event_id`): what they say does not hold. */
  readonly undone: Set<number>;
  /** Clusters that were merged once and are not: inference does not merge them again. */
  readonly apart: (readonly [from: string, into: string])[];
  /** Clusters that undone events name: no new cluster gets such an id, since an undo can be undone. */
  readonly reserved: Set<string>;
  /** Second looks that somebody took back (R20): of each, the turns of its track that it is. */
  readonly takenBack: LookedAgain[];
}

/** What a second look at a track said: the turns of the track whose `event_id` lies between `after` and `before`. */
export interface LookedAgain {
  readonly track: string;
  readonly after: number;
  readonly before: number;
}

/** The events that `viewOf` heeds; all others leave the view alone. */
export const viewEventTypes = [
  "speaker.bound",
  "speaker.unbound",
  "speaker.merged",
  "speaker.reassigned",
  "speaker.undone",
  "resolve.reviewed",
] as const satisfies readonly EventType[];
const heededTypes: ReadonlySet<EventType> = new Set(viewEventTypes);

export function emptyView(): SpeakerView {
  return {
    bindings: new Map(),
    merged: new Map(),
    refused: new Map(),
    reassigned: new Map(),
    undone: new Set(),
    apart: [],
    reserved: new Set(),
    takenBack: [],
  };
}

/** The view of a whole log, or of its first events. */
export function viewOf(events: Iterable<RoomEvent>): SpeakerView {
  const heeded = [...events].filter(({ type }) => heededTypes.has(type));
  const view = { ...emptyView(), undone: undoneIn(heeded) };
  for (const event of heeded) {
    if (view.undone.has(event.event_id)) leaveOut(view, event);
    else applyToView(view, event);
  }
  return view;
}

/**
 * Changes `view` by one event. Events must come in the order of their ids. Not for `speaker.undone`, which changes what came
 * before it: after one, the view is `viewOf` the log.
 */
export function applyToView(view: SpeakerView, event: EventBody): void {
  const { type, cluster_id: id } = event;
  if (id === undefined) return;
  if (type === "speaker.bound") bind(view, clusterOf(view, id), event);
  if (type === "speaker.unbound") unbind(view, clusterOf(view, id), event);
  if (type === "speaker.merged" && event.into_cluster_id !== undefined) {
    merge(view, clusterOf(view, id), clusterOf(view, event.into_cluster_id));
  }
  if (type === "speaker.reassigned" && event.turn_id !== undefined) reassign(view, event.turn_id, id, event.by);
}

/** The cluster that a turn (a `speaker.resolved` event) belongs to now. */
export function clusterOfTurn(view: SpeakerView, turn: Pick<RoomEvent, "event_id" | "cluster_id">): string {
  return clusterOf(view, view.reassigned.get(turn.event_id)?.cluster_id ?? turn.cluster_id ?? "");
}

/** What a second look said; undefined of any other event, and where it said nothing. */
export function lookedAgainIn({ type, track, replaces, event_id: before }: RoomEvent): LookedAgain | undefined {
  if (type !== "resolve.reviewed" || track === undefined || replaces === undefined) return undefined;
  return { track, after: replaces, before };
}

/**
 * Whether a person may take back what the event says of speakers (S7, R20). Of what inference says a name, a merge and a second look: a
 * turn of its is mended by moving it.
 */
export function isUndoable(event: RoomEvent): boolean {
  const { type, by } = event;
  if (type === "speaker.bound" || type === "speaker.merged" || lookedAgainIn(event)) return true;
  return by === "person" && (type === "speaker.unbound" || type === "speaker.reassigned" || type === "speaker.undone");
}

/** Whether a turn is of a second look. */
export function isPartOf({ track, after, before }: LookedAgain, turn: Pick<RoomEvent, "track" | "event_id">): boolean {
  return turn.track === track && turn.event_id > after && turn.event_id < before;
}

/** Whether a person said whose turn this is. */
export function isPlacedByPerson(view: SpeakerView, eventId: number): boolean {
  return view.reassigned.get(eventId)?.by === "person";
}

/** The cluster that an id stands for now, after all merges. */
export function clusterOf(view: SpeakerView, clusterId: string): string {
  let id = clusterId;
  for (let into = view.merged.get(id); into !== undefined; into = view.merged.get(id)) id = into;
  return id;
}

/** The name bound to a cluster or to what it was merged into. */
export function bindingOf(view: SpeakerView, clusterId: string): Binding | undefined {
  return view.bindings.get(clusterOf(view, clusterId));
}

/** Whether a person said that the cluster does not have this name. */
export function isRefused(view: SpeakerView, clusterId: string, name: string): boolean {
  return view.refused.get(clusterOf(view, clusterId))?.has(name) ?? false;
}

/** Whether two clusters were merged by mistake, as a person said, each with all that is part of it now. */
export function areKeptApart(view: SpeakerView, a: string, b: string): boolean {
  const [one, other] = [clusterOf(view, a), clusterOf(view, b)];
  return view.apart.some(([x, y]) => {
    const [left, right] = [clusterOf(view, x), clusterOf(view, y)];
    return (left === one && right === other) || (left === other && right === one);
  });
}

/** What is left of an event that was undone: that it is not to come back by inference. */
function leaveOut(view: SpeakerView, event: RoomEvent): void {
  const { type, cluster_id: id, into_cluster_id: into, speaker_name: name, by } = event;
  const look = lookedAgainIn(event);
  if (look) view.takenBack.push(look);
  if (id === undefined) return;
  view.reserved.add(id);
  if (type === "speaker.merged" && into !== undefined) view.apart.push([id, into]);
  if (type === "speaker.bound" && by === "inference" && name != null) refuse(view, clusterOf(view, id), [name]);
}

function reassign(view: SpeakerView, turnId: number, cluster_id: string, by: Decider): void {
  if (by === "person" || !isPlacedByPerson(view, turnId)) view.reassigned.set(turnId, { cluster_id, by });
}

function bind(view: SpeakerView, id: string, { speaker_name: name, by }: EventBody): void {
  if (name == null) return;
  view.bindings.set(id, { name, by });
  if (by === "person") view.refused.get(id)?.delete(name);
}

function unbind(view: SpeakerView, id: string, { speaker_name: name, by }: EventBody): void {
  if (name == null || view.bindings.get(id)?.name === name) view.bindings.delete(id);
  if (name != null && by === "person") refuse(view, id, [name]);
}

function merge(view: SpeakerView, from: string, into: string): void {
  if (from === into) return;
  const binding = strongerOf(view.bindings.get(into), view.bindings.get(from));
  if (binding) view.bindings.set(into, binding);
  view.bindings.delete(from);
  refuse(view, into, view.refused.get(from) ?? []);
  view.refused.delete(from);
  view.merged.set(from, into);
}

/** A person's word before inference's; else the cluster that stays keeps its own. */
function strongerOf(into: Binding | undefined, from: Binding | undefined): Binding | undefined {
  if (!into || !from) return into ?? from;
  return from.by === "person" && into.by !== "person" ? from : into;
}

function refuse(view: SpeakerView, id: string, names: Iterable<string>): void {
  const refused = view.refused.get(id) ?? new Set();
  for (const name of names) refused.add(name);
  if (refused.size > 0) view.refused.set(id, refused);
}
