/** How often the end of a track may move (SPEC L12): each time is an event, and may cost its caller a frame of some bytes. */
import { limits } from "../../../schemas/limits.ts";
import type { EventLog } from "../events/event-log.ts";
import type { TrackRow } from "./track-plan.ts";

/** @param trackRow undefined for a track that is not open yet. @returns whether an `end` says what is known, or may say more. */
export function mayEnd(
  events: Pick<EventLog, "endsOf">,
  trackRow: TrackRow | undefined,
  lastSeq: number,
  paddingSamples: number,
): boolean {
  if (!trackRow) return true;
  const isKnown = trackRow.end_seq === lastSeq && trackRow.padding_samples === paddingSamples;
  return isKnown || events.endsOf(trackRow.track) < limits.maxTrackEnds;
}
