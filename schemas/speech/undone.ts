/** Which events of a log no longer hold because somebody took them back (S7). Pure. */
import type { RoomEvent } from "./events.ts";

/**
 * An undo can be undone as well, which makes what it took back hold again: so whether an undo holds is known before it is
 * followed, from the newest event to the oldest.
 * @param events in order; those without `undoes` may be left out.
 */
export function undoneIn(events: readonly Pick<RoomEvent, "event_id" | "undoes">[]): Set<number> {
  const undone = new Set<number>();
  for (const { event_id, undoes } of events.toReversed()) {
    if (undoes !== undefined && !undone.has(event_id)) undone.add(undoes);
  }
  return undone;
}
