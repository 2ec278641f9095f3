/** What second looks at who speaks came to, from the event log (SPEC R17): for a person who asks whether it was worth it. Pure. */
import type { Turn } from "../../schemas/http/result.ts";
import { firstIndex } from "../../schemas/lib/bisect.ts";
import type { RoomEvent } from "../../schemas/speech/events.ts";
import { isPartOf, lookedAgainIn, viewOf } from "../../schemas/speech/speaker-view.ts";
import { timelineOf } from "../../schemas/speech/timeline.ts";

/** Names and corrections of today count on both sides: what differs is the second looks' doing alone. */
export interface ReviewChange {
  readonly speakers_before: number;
  readonly speakers_after: number;
  /** Of the turns that stand now, those of which less than half was this speaker's before. */
  readonly turns_changed: number;
}

/** @param events the whole log. @param reviewed which of its events `resolve.reviewed` are meant. */
export function reviewChangeOf(events: readonly RoomEvent[], reviewed: readonly number[]): ReviewChange {
  const meant = new Set(reviewed);
  const looks = events.flatMap((event) => (meant.has(event.event_id) ? (lookedAgainIn(event) ?? []) : []));
  const others = events.filter(
    (event) => event.type !== "speaker.resolved" || !looks.some((look) => isPartOf(look, event)),
  );
  const [before, after] = [timelineOf(others), timelineOf(events)];
  const spoken = new Map<string, Turn[]>();
  for (const turn of before) {
    const own = spoken.get(keyOf(turn));
    if (own) own.push(turn);
    else spoken.set(keyOf(turn), [turn]);
  }
  return {
    speakers_before: countOf(before),
    speakers_after: countOf(after),
    turns_changed: after.filter(
      (turn) => sharedMs(turn, spoken.get(keyOf(turn)) ?? []) * 2 < turn.end_ms - turn.start_ms,
    ).length,
  };
}

/** Of each track the last second look that said something, where nobody took it back: their events, in order. */
export function standingReviewsOf(events: readonly RoomEvent[]): readonly RoomEvent[] {
  const latest = new Map(events.flatMap((event) => (lookedAgainIn(event) ? [[event.track, event] as const] : [])));
  if (latest.size === 0) return [];
  const { undone } = viewOf(events);
  return [...latest.values()].filter(({ event_id }) => !undone.has(event_id)).toSorted(byId);
}

/** `3 speakers where there was 1; 14 turns changed.` */
export function reviewWords({ speakers_before: before, speakers_after: after, turns_changed }: ReviewChange): string {
  const isSame = before === after;
  const was = isSame ? ", as before" : ` where there ${before === 1 ? "was" : "were"} ${before}`;
  const turns = turns_changed === 0 ? "no turn" : countWords(turns_changed, "turn");
  return `${countWords(after, "speaker")}${was}; ${turns} changed.`;
}

const byId = (a: RoomEvent, b: RoomEvent): number => a.event_id - b.event_id;
const countWords = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
const keyOf = ({ track, cluster_id }: Turn): string => `${track} ${cluster_id}`;
const countOf = (turns: readonly Turn[]): number => new Set(turns.map(({ cluster_id }) => cluster_id)).size;

/** @param others of the same speaker and track, in order, apart. */
function sharedMs({ start_ms, end_ms }: Turn, others: readonly Turn[]): number {
  let shared = 0;
  for (let i = firstIndex(others.length, (at) => (others[at]?.end_ms ?? 0) > start_ms); i < others.length; i += 1) {
    const other = others[i];
    if (!other || other.start_ms >= end_ms) break;
    shared += Math.min(end_ms, other.end_ms) - Math.max(start_ms, other.start_ms);
  }
  return shared;
}
