/** Who said what of the speakers, and when: the event log in words, newest first. Pure. */
import { clusterOf, isUndoable, type RoomEvent, viewOf } from "../../index.ts";

export interface HistoryEntry {
  readonly eventId: number;
  readonly at: string;
  /** `You or a colleague`, as far as the log knows: it tells people from inference, not people from each other. */
  readonly by: "person" | "inference" | "room";
  readonly words: string;
  /** Whether somebody took it back. */
  readonly isUndone: boolean;
  readonly canUndo: boolean;
}

/** @param labelOf what a speaker is called on this page. */
export function historyOf(
  events: readonly RoomEvent[],
  labelOf: (clusterId: string) => string,
): readonly HistoryEntry[] {
  const view = viewOf(events);
  const called = (id: string | undefined): string => (id === undefined ? "a speaker" : labelOf(clusterOf(view, id)));
  const undos = new Set(events.flatMap(({ type, event_id }) => (type === "speaker.undone" ? [event_id] : [])));
  const isUndo = (eventId: number | undefined): boolean => eventId !== undefined && undos.has(eventId);
  const entries: HistoryEntry[] = [];
  const nameBefore = new Map<string, string>();
  for (const event of events) {
    const words = wordsOf(event, called, nameBefore, isUndo);
    const { event_id: eventId, at, by } = event;
    if (words === undefined) continue;
    const isUndone = view.undone.has(eventId);
    const canUndo = !isUndone && isUndoable(event);
    entries.push({ eventId, at, by, words, isUndone, canUndo });
  }
  return entries.toReversed();
}

function wordsOf(
  { type, track, undoes, cluster_id: id, into_cluster_id: into, speaker_name: name }: RoomEvent,
  called: (id: string | undefined) => string,
  nameBefore: Map<string, string>,
  isUndo: (eventId: number | undefined) => boolean,
): string | undefined {
  if (type === "speaker.undone") return isUndo(undoes) ? "did again what was taken back" : "took something back";
  if (type === "resolve.reviewed") return `listened to all of ${track ?? "a track"} again`;
  if (id === undefined) return undefined;
  const before = nameBefore.get(id);
  if (type === "speaker.bound" && name != null) {
    nameBefore.set(id, name);
    return before === undefined ? `named a speaker ${name}` : `renamed ${before} to ${name}`;
  }
  if (type === "speaker.unbound") {
    nameBefore.delete(id);
    return `took the name ${name ?? before ?? ""} from a speaker`;
  }
  if (type === "speaker.merged") return `said that ${before ?? "a speaker"} and ${called(into)} are one person`;
  return type === "speaker.reassigned" ? `gave a turn to ${called(id)}` : undefined;
}
