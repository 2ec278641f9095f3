/**
 * The meeting's turns, from the event log: who spoke when, with late names applied backwards, merged clusters as
 * one, and a person's corrections over anything inference said. Turns of different speakers may overlap: people talk at once,
 * and an interjection does not cut the turn that it falls into. Pure: the same events give the same turns (R9).
 */
import { runNow, type Steps } from "../lib/steps.ts";
import type { RoomEvent } from "./events.ts";
import type { Turn } from "../http/result.ts";
import { bindingOf, type SpeakerView, viewOf } from "./speaker-view.ts";
import { type SpokenEvent, standingStretches, type Stretch } from "./stretches.ts";

export type { Turn };

/** Stretches of one speaker with no more silence between them than this are one turn. */
const joinedPauseMs = 800;

/** @param events the whole log, in order. @returns turns by track, then time; times of each track's own timeline. */
export function timelineOf(events: readonly RoomEvent[]): Turn[] {
  return runNow(timelineSteps(events));
}

/** As `timelineOf`. What is no `speaker.*` event may be left out. */
export function timelineSteps(events: readonly RoomEvent[]): Steps<Turn[]> {
  return turnSteps(events, viewOf(events));
}

/** As `timelineOf`. @param events those of some tracks. @param view that of the whole log. */
export function* turnSteps(events: readonly SpokenEvent[], view: SpeakerView): Steps<Turn[]> {
  const byTrack = yield* standingStretches(events, view);
  const clusterNow = clusterIndex(view);
  const turns: Turn[] = [];
  for (const track of [...byTrack.keys()].sort()) {
    for (const turn of yield* joinTurns(byTrack.get(track) ?? [], clusterNow)) {
      const { ids, ...own } = turn;
      turns.push({ ...own, speaker_name: bindingOf(view, own.cluster_id)?.name ?? null, turn_ids: [...ids] });
      yield;
    }
  }
  return turns;
}

interface JoinedTurn extends Pick<Turn, "track" | "cluster_id" | "start_ms"> {
  end_ms: number;
  readonly ids: Set<number>;
}

/**
 * A stretch goes on with its speaker's last turn where it begins before that one's end, or at most 800 ms after it and nobody
 * began to speak in between. @param stretches of one track, in order of time.
 */
function* joinTurns(stretches: readonly Stretch[], clusterNow: (event: SpokenEvent) => string): Steps<JoinedTurn[]> {
  const turns: JoinedTurn[] = [];
  const lastOf = new Map<string, JoinedTurn>();
  /** The latest start of a stretch before the present one's, and the present one's. */
  let [beganBefore, began] = [-1, -1];
  for (const { event, track, start_ms, end_ms } of stretches) {
    yield;
    if (start_ms > began) [beganBefore, began] = [began, start_ms];
    const cluster_id = clusterNow(event);
    const last = lastOf.get(cluster_id);
    // Whoever began after its end is another: its own speaker's stretches all began before.
    if (last && (start_ms <= last.end_ms || (start_ms - last.end_ms <= joinedPauseMs && beganBefore < last.end_ms))) {
      last.end_ms = Math.max(last.end_ms, end_ms);
      last.ids.add(event.event_id);
    } else {
      const turn = { track, start_ms, end_ms, cluster_id, ids: new Set([event.event_id]) };
      turns.push(turn);
      lastOf.set(cluster_id, turn);
    }
  }
  return turns;
}

/** Whose turn an event is now. Follows a chain of merges once, however many turns begin it. */
function clusterIndex(view: SpeakerView): (event: SpokenEvent) => string {
  const ends = new Map<string, string>();
  return ({ event_id, cluster_id = "" }) => {
    const first = view.reassigned.get(event_id)?.cluster_id ?? cluster_id;
    const passed: string[] = [];
    let id = first;
    for (let into: string | undefined = id; into !== undefined; into = ends.get(id) ?? view.merged.get(id)) {
      id = into;
      passed.push(id);
    }
    for (const before of passed) if (before !== id) ends.set(before, id);
    return id;
  };
}
