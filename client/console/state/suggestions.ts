/** Names that the speaker-resolve service would give and asks a person about ("Is this Alice?"). Pure. */
import { bindingOf, clusterOf, isRefused, type RoomEvent, viewOf } from "../../index.ts";

export interface Suggestion {
  readonly clusterId: string;
  readonly name: string;
  /** The turn that it hangs on: an `event_id`. */
  readonly turnId: number;
  /** Where the turn can be heard, of its track's own time. */
  readonly track: string;
  readonly startMs: number;
}

/** The newest open question of each speaker: none of one who has a name, or of a name that a person refused or gave elsewhere. */
export function openSuggestions(events: readonly RoomEvent[]): readonly Suggestion[] {
  const view = viewOf(events);
  const taken = new Set([...view.bindings.values()].map(({ name }) => name));
  const open = new Map<string, Suggestion>();
  for (const {
    type,
    decision,
    cluster_id: id,
    speaker_name: name,
    event_id: turnId,
    track,
    start_ms,
    from_seq,
  } of events) {
    if (type !== "speaker.resolved" || decision !== "confirm" || id === undefined || name == null) continue;
    const clusterId = clusterOf(view, id);
    if (bindingOf(view, clusterId) || isRefused(view, clusterId, name) || taken.has(name)) continue;
    const startMs = start_ms ?? ((from_seq ?? 1) - 1) * 1_000;
    open.set(clusterId, { clusterId, name, turnId, track: track ?? "mixed", startMs });
  }
  return [...open.values()];
}
