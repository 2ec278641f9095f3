/**
 * Notices tracks that went silent without an `end` (SPEC D7). Nothing is written per second: the alarm goes off
 * where the last chunk that it knew of is old enough, looks how old the last one really is, and is set for that.
 */
import type { EventLog } from "../events/event-log.ts";
import type { Tracks } from "./tracks.ts";
import { planStalls, type TrackActivity } from "./stall-plan.ts";

export interface StallWatchDeps {
  readonly tracks: Tracks;
  readonly events: EventLog;
  readonly isOpen: () => boolean;
  readonly now: () => number;
  /** 0: nobody wants to know. */
  readonly afterMs: number;
  /** Asks for `run` at a time in ms since 1970 or earlier, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  /** Runs a step that writes, as one. */
  readonly commit: (step: () => void) => void;
}

export class StallWatch {
  readonly #deps: StallWatchDeps;

  constructor(deps: StallWatchDeps) {
    this.#deps = deps;
  }

  /** Call whenever a track was opened or got a chunk: costs nothing while the alarm is set. */
  heard(): void {
    const { afterMs, now, wakeAt } = this.#deps;
    if (afterMs > 0) wakeAt(now() + afterMs);
  }

  run(): void {
    const { isOpen, now, afterMs, wakeAt, commit, events } = this.#deps;
    // Each report is an event, and a chunk is enough for the next one.
    if (afterMs === 0 || !isOpen() || events.isSpent) return;
    const { stalled, nextAt } = planStalls(this.#activities(), now(), afterMs);
    if (stalled.length > 0) {
      commit(() => {
        for (const { track, lastSeq } of stalled) {
          events.append({ type: "track.stalled", track, to_seq: lastSeq, by: "room" });
        }
      });
    }
    if (nextAt !== undefined) wakeAt(nextAt);
  }

  #activities(): TrackActivity[] {
    const { tracks, events } = this.#deps;
    return tracks
      .rows()
      .filter(({ end_seq }) => end_seq === null)
      .map(({ track, last_seq, updated_at, opened_at }) => {
        const report = events.lastOf("track.stalled", track);
        return {
          track,
          lastSeq: last_seq,
          lastAt: updated_at ?? opened_at,
          reportedAt: report && Date.parse(report.at),
        };
      });
  }
}
