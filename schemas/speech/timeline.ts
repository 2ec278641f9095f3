/**
 * The meeting's turns, from the event log: who spoke when, with late names applied backwards, merged clusters as
 * one, and a person's corrections over anything inference said. Pure: the same events give the same turns.
 */
import { chunkMs } from "../wire/audio.ts";
import type { RoomEvent } from "./events.ts";
import type { Turn } from "../http/result.ts";
import { bindingOf, clusterOfTurn, isPlacedByPerson, type SpeakerView, viewOf } from "./speaker-view.ts";

export type { Turn };

/** Stretches of one speaker with no more silence between them than this are one turn. */
const joinedPauseMs = 800;

/** A stretch of speech as one event gives it. */
interface Stretch {
  readonly event: RoomEvent;
  readonly track: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

/** @param events the whole log, in order. @returns turns by track, then time. */
export function timelineOf(events: readonly RoomEvent[]): Turn[] {
  const view = viewOf(events);
  const byTrack = Map.groupBy(standingStretches(events, view), ({ track }) => track);
  const tracks = [...byTrack.keys()].sort();
  return tracks.flatMap((track) => joinTurns(withoutOverlap(byTrack.get(track) ?? [], view), view));
}

function stretchOf(event: RoomEvent): Stretch | undefined {
  const { type, track, from_seq: from, to_seq: to } = event;
  if (type !== "speaker.resolved" || track === undefined || from === undefined || to === undefined) return undefined;
  const start_ms = event.start_ms ?? (from - 1) * chunkMs;
  return { event, track, start_ms, end_ms: event.end_ms ?? to * chunkMs };
}

/** All stretches but those whose window was resolved anew; one that a person corrected stays. */
function standingStretches(events: readonly RoomEvent[], view: SpeakerView): Stretch[] {
  const all = events.flatMap((event) => stretchOf(event) ?? []);
  const replacing = all.filter(({ event }) => event.replaces !== undefined);
  if (replacing.length === 0) return all;
  return all.filter(
    ({ event, track }) =>
      isPlacedByPerson(view, event.event_id) ||
      !replacing.some(
        ({ event: later, track: laterTrack }) =>
          laterTrack === track &&
          event.event_id <= (later.replaces ?? 0) &&
          (event.from_seq ?? 0) >= (later.from_seq ?? 0) &&
          (event.to_seq ?? 0) <= (later.to_seq ?? 0),
      ),
  );
}

/** The stretches in order of time; where a person placed one, it is cut out of what inference said of the same moment. */
function withoutOverlap(stretches: readonly Stretch[], view: SpeakerView): Stretch[] {
  const placed = stretches.filter(({ event }) => isPlacedByPerson(view, event.event_id));
  const others = stretches.filter(({ event }) => !isPlacedByPerson(view, event.event_id));
  const cut = placed.reduce((rest, person) => rest.flatMap((stretch) => subtract(stretch, person)), others);
  return [...placed, ...cut].sort((a, b) => a.start_ms - b.start_ms || a.event.event_id - b.event.event_id);
}

function subtract(stretch: Stretch, hole: Stretch): Stretch[] {
  if (hole.end_ms <= stretch.start_ms || hole.start_ms >= stretch.end_ms) return [stretch];
  return [
    { ...stretch, end_ms: Math.min(stretch.end_ms, hole.start_ms) },
    { ...stretch, start_ms: Math.max(stretch.start_ms, hole.end_ms) },
  ].filter(({ start_ms, end_ms }) => start_ms < end_ms);
}

function joinTurns(stretches: readonly Stretch[], view: SpeakerView): Turn[] {
  const turns: Turn[] = [];
  for (const { event, track, start_ms, end_ms } of stretches) {
    const cluster_id = clusterOfTurn(view, event);
    const last = turns.at(-1);
    if (last?.cluster_id === cluster_id && start_ms - last.end_ms <= joinedPauseMs) {
      turns[turns.length - 1] = {
        ...last,
        end_ms: Math.max(last.end_ms, end_ms),
        turn_ids: [...new Set([...last.turn_ids, event.event_id])],
      };
    } else {
      const speaker_name = bindingOf(view, cluster_id)?.name ?? null;
      turns.push({ track, start_ms, end_ms, cluster_id, speaker_name, turn_ids: [event.event_id] });
    }
  }
  return turns;
}
