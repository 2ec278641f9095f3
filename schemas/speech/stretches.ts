/**
 * The stretches of speech that stand: what each `speaker.resolved` event says, without those whose window was resolved anew and
 * those of a second look that was taken back, and with what a person said over what came later. Pure, and no more work than sorting,
 * whatever a service answers: its stretches may overlap, since two people may speak at once.
 */
import { firstIndex } from "../lib/bisect.ts";
import { sortSteps, type Steps } from "../lib/steps.ts";
import { chunkMs } from "../wire/audio.ts";
import type { RoomEvent } from "./events.ts";
import { isPartOf, isPlacedByPerson, type SpeakerView } from "./speaker-view.ts";

/** What of a `speaker.resolved` event says who spoke when. Events of other types say nothing here. */
export type SpokenEvent = Pick<
  RoomEvent,
  "event_id" | "type" | "track" | "cluster_id" | "from_seq" | "to_seq" | "start_ms" | "end_ms" | "replaces"
>;

/** A stretch of speech as one event gives it, or a part of it. ms of its track's timeline. */
export interface Stretch {
  readonly event: SpokenEvent;
  readonly track: string;
  readonly start_ms: number;
  readonly end_ms: number;
}

/** @returns the stretches that stand, by track, in order of time and then of their events. */
export function* standingStretches(events: readonly SpokenEvent[], view: SpeakerView): Steps<Map<string, Stretch[]>> {
  const byTrack = new Map<string, Stretch[]>();
  for (const event of events) {
    const stretch = stretchOf(event);
    if (!stretch) continue;
    const known = byTrack.get(stretch.track);
    if (known) known.push(stretch);
    else byTrack.set(stretch.track, [stretch]);
    yield;
  }
  for (const [track, stretches] of byTrack) byTrack.set(track, yield* standingOf(stretches, view));
  return byTrack;
}

function stretchOf(event: SpokenEvent): Stretch | undefined {
  const { type, track, from_seq: from, to_seq: to } = event;
  if (type !== "speaker.resolved" || track === undefined || from === undefined || to === undefined) return undefined;
  const start_ms = event.start_ms ?? (from - 1) * chunkMs;
  return { event, track, start_ms, end_ms: event.end_ms ?? to * chunkMs };
}

/** @param stretches of one track, in the order of their events. */
function* standingOf(stretches: readonly Stretch[], view: SpeakerView): Steps<Stretch[]> {
  const takenBack = yield* takenBackOf(stretches, view);
  // A second look that was taken back replaces nothing any more: what it had replaced stands again.
  const valid = takenBack.size === 0 ? stretches : stretches.filter((stretch) => !takenBack.has(stretch));
  const replaced = yield* replacedOf(valid);
  for (const stretch of takenBack) replaced.add(stretch);
  const standing = stretches.filter((stretch) => !replaced.has(stretch));
  // What a person said of a turn outlives its window: it is cut out of what the new answer says of the same moment.
  const kept = [...replaced].filter(({ event }) => isPlacedByPerson(view, event.event_id));
  const rest = kept.length === 0 ? standing : yield* without(standing, unionOf(kept), view);
  return yield* sortSteps([...kept, ...rest], inOrder);
}

/** Those that a second look said which was taken back (R20). Two looks at a track have no turn in common. */
function* takenBackOf(stretches: readonly Stretch[], view: SpeakerView): Steps<Set<Stretch>> {
  const takenBack = new Set<Stretch>();
  const looks = view.takenBack.filter(({ track }) => track === stretches[0]?.track);
  if (looks.length === 0) return takenBack;
  for (const stretch of stretches) {
    yield;
    const look = looks[firstIndex(looks.length, (i) => (looks[i]?.before ?? 0) > stretch.event.event_id)];
    if (look && isPartOf(look, stretch.event)) takenBack.add(stretch);
  }
  return takenBack;
}

function inOrder(a: Stretch, b: Stretch): number {
  return a.start_ms - b.start_ms || a.event.event_id - b.event.event_id;
}

/**
 * Those whose window was resolved anew: a later event names a number that is not below theirs, and a window that holds
 * theirs. From the newest event to the oldest, each new answer is put where its window begins, and what lies in the windows
 * that begin at or before a stretch's is asked for.
 */
function* replacedOf(stretches: readonly Stretch[]): Steps<Set<Stretch>> {
  const answers = stretches
    .flatMap(({ event }) => (event.replaces === undefined ? [] : [{ ...windowOf(event), replaces: event.replaces }]))
    .sort((a, b) => b.replaces - a.replaces);
  const replaced = new Set<Stretch>();
  if (answers.length === 0) return replaced;
  const begins = [...new Set(answers.map(({ from }) => from))].sort((a, b) => a - b);
  const placeOf = (from: number): number => firstIndex(begins.length, (i) => (begins[i] ?? 0) > from);
  const furthest = new PrefixMax(begins.length);
  let next = 0;
  for (const stretch of stretches.toReversed()) {
    yield;
    for (let answer = answers[next]; answer && answer.replaces >= stretch.event.event_id; answer = answers[next]) {
      furthest.raise(placeOf(answer.from), answer.to);
      next += 1;
    }
    const { from, to } = windowOf(stretch.event);
    if (furthest.upTo(placeOf(from)) >= to) replaced.add(stretch);
  }
  return replaced;
}

function windowOf({ from_seq = 0, to_seq = 0 }: SpokenEvent): { from: number; to: number } {
  return { from: from_seq, to: to_seq };
}

/** The stretches with the holes cut out of them; those that a person placed stay whole. @param holes apart, in order. */
function* without(stretches: readonly Stretch[], holes: readonly Span[], view: SpeakerView): Steps<Stretch[]> {
  const parts: Stretch[] = [];
  for (const stretch of stretches) {
    yield;
    if (isPlacedByPerson(view, stretch.event.event_id)) {
      parts.push(stretch);
      continue;
    }
    let from = stretch.start_ms;
    for (let i = firstIndex(holes.length, (at) => (holes[at]?.end_ms ?? 0) > from); i < holes.length; i += 1) {
      const hole = holes[i];
      if (!hole || hole.start_ms >= stretch.end_ms) break;
      if (from < hole.start_ms) parts.push({ ...stretch, start_ms: from, end_ms: hole.start_ms });
      from = hole.end_ms;
      yield;
    }
    if (from < stretch.end_ms) parts.push({ ...stretch, start_ms: from });
  }
  return parts;
}

export interface Span {
  readonly start_ms: number;
  readonly end_ms: number;
}

/** The time that spans cover, as spans that are apart, in order. */
export function unionOf(spans: readonly Span[]): Span[] {
  const union: { start_ms: number; end_ms: number }[] = [];
  for (const { start_ms, end_ms } of [...spans].sort((a, b) => a.start_ms - b.start_ms)) {
    const last = union.at(-1);
    if (last && start_ms <= last.end_ms) last.end_ms = Math.max(last.end_ms, end_ms);
    else union.push({ start_ms, end_ms });
  }
  return union;
}

/** Values at places from 1 on; the highest of the first so many, in logarithmic time (a Fenwick tree). */
class PrefixMax {
  readonly #values: number[];

  constructor(places: number) {
    this.#values = Array.from({ length: places + 1 }, () => 0);
  }

  raise(place: number, value: number): void {
    for (let i = place; i < this.#values.length; i += i & -i) this.#values[i] = Math.max(this.#values[i] ?? 0, value);
  }

  /** 0 where there is none. */
  upTo(place: number): number {
    let highest = 0;
    for (let i = place; i > 0; i -= i & -i) highest = Math.max(highest, this.#values[i] ?? 0);
    return highest;
  }
}
