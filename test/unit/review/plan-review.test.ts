/** What a second look says to the log, by what the log's folds make of it: known cases, and random logs against a model that goes by the slot. */
import { describe, expect, test } from "vitest";
import { limits } from "../../../schemas/limits.ts";
import { runNow } from "../../../schemas/lib/steps.ts";
import { chunkMs } from "../../../schemas/wire/audio.ts";
import type { EventBody, RoomEvent } from "../../../schemas/speech/events.ts";
import type { ReviewSegment } from "../../../schemas/speech/review.ts";
import { bindingOf, clusterOf, clusterOfTurn, isPlacedByPerson, viewOf } from "../../../schemas/speech/speaker-view.ts";
import { standingStretches, type Stretch } from "../../../schemas/speech/stretches.ts";
import { timelineOf } from "../../../schemas/speech/timeline.ts";
import { planReview, type ReviewPlan } from "../../../server/gateway/speakers/review/plan-review.ts";
import { randomFrom, seed } from "../support/random.ts";

type Body = Omit<EventBody, "by"> & Partial<Pick<EventBody, "by">>;
const logOf = (bodies: readonly Body[]): RoomEvent[] =>
  bodies.map((body, i) => ({ by: "inference", ...body, event_id: i + 1, at: "2026-01-01T00:00:00.000Z" }));
const spoke = (cluster_id: string, start_ms: number, end_ms: number, track = "mixed"): Body => {
  const from_seq = Math.floor(start_ms / 4_000) * 4 + 1;
  return { type: "speaker.resolved", track, cluster_id, from_seq, to_seq: from_seq + 3, start_ms, end_ms };
};
const named = (cluster_id: string, speaker_name: string): Body => ({
  type: "speaker.bound",
  cluster_id,
  speaker_name,
  by: "person",
});
const placed = (turn_id: number, cluster_id: string): Body => ({
  type: "speaker.reassigned",
  turn_id,
  cluster_id,
  by: "person",
});
const heard = (speaker: string, start_ms: number, end_ms: number): ReviewSegment => ({ speaker, start_ms, end_ms });
const standingOf = (log: readonly RoomEvent[]): readonly Stretch[] =>
  runNow(standingStretches(log, viewOf(log))).get("mixed") ?? [];

function plan(log: readonly RoomEvent[], segments: readonly ReviewSegment[], lastSeq = 100): ReviewPlan {
  const planned = planReview({
    track: "mixed",
    lastSeq,
    segments,
    standing: standingOf(log),
    view: viewOf(log),
    clusters: [],
    idsOfTurns: log.flatMap(({ cluster_id }) => cluster_id ?? []),
    eventCount: log.length,
  });
  if (!planned.ok) throw new Error(planned.error);
  return planned.value;
}

const after = (bodies: readonly Body[], segments: readonly ReviewSegment[]): RoomEvent[] =>
  logOf([...bodies, ...plan(logOf(bodies), segments).events]);
const turnsAfter = (bodies: readonly Body[], segments: readonly ReviewSegment[]): unknown[] =>
  timelineOf(after(bodies, segments)).map((turn) => [
    turn.speaker_name ?? turn.cluster_id,
    turn.start_ms,
    turn.end_ms,
    turn.track,
  ]);

describe("a second look at a track", () => {
  test("[R17] [R19] where two speak at once both have a turn, and neither cuts the other's", () => {
    const before = [spoke("c1", 0, 8_000), named("c1", "Ada"), spoke("c2", 8_000, 12_000)];
    const segments = [heard("a", 0, 8_000), heard("b", 3_000, 4_000), heard("b", 7_000, 12_000)];
    expect(turnsAfter(before, segments)).toEqual([
      ["Ada", 0, 8_000, "mixed"],
      ["c2", 3_000, 4_000, "mixed"],
      ["c2", 7_000, 12_000, "mixed"],
    ]);
  });

  test("[R17] [R18] voices keep the ids and names that they had, and a new one gets an id that nothing meant before", () => {
    // Two were taken for one, and what was said before the third was known to be new was another's.
    const before = [spoke("c1", 0, 8_000), named("c1", "Ada"), spoke("r2", 8_000, 12_000), spoke("c1", 12_000, 20_000)];
    const segments = [
      heard("a", 0, 7_000),
      heard("b", 7_000, 12_000),
      heard("c", 12_000, 16_000),
      heard("a", 16_000, 20_000),
    ];
    expect(turnsAfter(before, segments)).toEqual([
      ["Ada", 0, 7_000, "mixed"],
      ["r2", 7_000, 12_000, "mixed"],
      ["r3", 12_000, 16_000, "mixed"],
      ["Ada", 16_000, 20_000, "mixed"],
    ]);
    expect(plan(logOf(before), segments).made).toEqual([{ cluster_id: "r3", centroid: [], sample_count: 0 }]);
  });

  test("[R17] what nobody speaks in any more is silence, other tracks stay, and a second one takes the first one back", () => {
    const before = [spoke("c1", 0, 8_000), spoke("c1", 0, 4_000, "mic")];
    const once = after(before, [heard("a", 1_000, 2_000)]);
    const twice = logOf([...once, ...plan(once, [heard("x", 3_000, 4_000), heard("y", 60_000, 99_000)]).events]);
    expect(timelineOf(once).map(({ start_ms, end_ms, track }) => [start_ms, end_ms, track])).toEqual([
      [0, 4_000, "mic"],
      [1_000, 2_000, "mixed"],
    ]);
    expect(timelineOf(twice).map(({ start_ms, end_ms }) => [start_ms, end_ms])).toEqual([
      [0, 4_000],
      [3_000, 4_000],
      [60_000, 99_000],
    ]);
  });

  test("[R17] one that hears nobody takes nothing back", () => {
    const before = [spoke("c1", 0, 8_000)];
    expect(plan(logOf(before), []).events.map(({ type }) => type)).toEqual(["resolve.reviewed"]);
    expect(turnsAfter(before, [])).toEqual([["c1", 0, 8_000, "mixed"]]);
  });

  test("[R18] [S4] whom a person named, parted or placed is lost to no voice", () => {
    const before = [
      spoke("c1", 0, 20_000),
      spoke("c2", 20_000, 24_000),
      spoke("c3", 24_000, 28_000),
      spoke("c4", 28_000, 32_000),
      named("c1", "Ada"),
      named("c2", "Ben"),
      placed(3, "p1"),
      { type: "speaker.merged", cluster_id: "c4", into_cluster_id: "c1", by: "inference" },
      { type: "speaker.undone", cluster_id: "c4", into_cluster_id: "c1", undoes: 8, by: "person" },
    ] satisfies Body[];
    // It takes them all for one voice.
    expect(turnsAfter(before, [heard("a", 0, 40_000)])).toEqual([
      ["Ada", 0, 20_000, "mixed"],
      ["Ben", 20_000, 24_000, "mixed"],
      ["p1", 24_000, 28_000, "mixed"],
      ["c4", 28_000, 32_000, "mixed"],
      ["Ada", 32_000, 40_000, "mixed"],
    ]);
  });

  test("[R18] a moment that two share makes them not the same", () => {
    const before = [spoke("c1", 0, 60_000), spoke("c2", 60_000, 64_000), named("c2", "Cleo")];
    const said = [heard("a", 0, 30_000), heard("b", 30_000, 60_300)];
    expect(timelineOf(after(before, said)).map(({ speaker_name, start_ms }) => [speaker_name, start_ms])).toEqual([
      [null, 0],
      [null, 30_000],
      ["Cleo", 60_000],
    ]);
  });

  test("[R17] no turn but the first bears more of the track than a window", () => {
    const log = after([spoke("c1", 0, 4_000)], [heard("a", 1_500, 99_000)]);
    const events = log.slice(1);
    const turns = events.filter(({ type }) => type === "speaker.resolved");
    expect(turns[0]).toMatchObject({ from_seq: 1, to_seq: 100, replaces: 1 });
    for (const { from_seq = 0, to_seq = 0 } of turns.slice(1))
      expect(to_seq - from_seq).toBeLessThan(limits.maxWindowChunks);
    expect(timelineOf(log).map(({ start_ms, end_ms }) => [start_ms, end_ms])).toEqual([[1_500, 99_000]]);
  });

  test("[R18] more clusters than a session holds are refused", () => {
    const clusters = Array.from({ length: limits.maxClusters }, (_, i) => ({
      cluster_id: `c${i}`,
      centroid: [],
      sample_count: 1,
    }));
    const input = { track: "mixed", lastSeq: 9, segments: [heard("a", 0, 1)], standing: [], view: viewOf([]) };
    expect(planReview({ ...input, clusters, idsOfTurns: [], eventCount: 0 }).ok).toBe(false);
  });
});

const slotMs = 500;
const slots = 80;

const namesIn = (turns: ReturnType<typeof timelineOf>): Set<string> =>
  new Set(turns.flatMap(({ speaker_name }) => speaker_name ?? []));

/** Who speaks in each slot, as stretches say. */
function slotsOf(log: readonly RoomEvent[], isWanted: (stretch: Stretch) => boolean = () => true): Set<string>[] {
  const view = viewOf(log);
  const speaking = standingOf(log).filter(isWanted);
  return Array.from({ length: slots }, (_, slot) => {
    const at = slot * slotMs + 1;
    const here = speaking.filter(({ start_ms, end_ms }) => start_ms < at && end_ms > at);
    return new Set(here.map(({ event }) => clusterOfTurn(view, event)));
  });
}

/** A log of windows, some resolved again, with names, merges, undos and moved turns. */
function randomLog(random: (below: number) => number): RoomEvent[] {
  const bodies: Body[] = [];
  for (let n = 0; n < 6 + random(30); n += 1) {
    const id = `c${1 + random(4)}`;
    const start = random(slots - 4) * slotMs;
    const kind = random(10);
    const turn = bodies.findIndex(({ type }) => type === "speaker.resolved") + 1;
    if (kind < 6) {
      const replaces = random(4) === 0 && bodies.length > 0 ? { replaces: bodies.length } : {};
      bodies.push({ ...spoke(id, start, start + (1 + random(4)) * slotMs), ...replaces });
    } else if (kind === 6) bodies.push(named(id, ["Ada", "Ben"][random(2)] ?? ""));
    else if (kind === 7 && turn > 0) bodies.push(placed(turn + random(2), `p${random(2)}`));
    else if (kind === 8) bodies.push({ type: "speaker.merged", cluster_id: id, into_cluster_id: "c1", by: "person" });
    else if (kind === 9 && bodies.length > 0) {
      const undoes = 1 + random(bodies.length);
      const { cluster_id, into_cluster_id, type } = bodies[undoes - 1] ?? {};
      if (type === "speaker.merged" || type === "speaker.bound")
        bodies.push({ type: "speaker.undone", undoes, cluster_id, into_cluster_id, by: "person" });
    }
  }
  return logOf(
    bodies.filter(
      ({ type, turn_id = 0 }) => type !== "speaker.reassigned" || bodies[turn_id - 1]?.type === "speaker.resolved",
    ),
  );
}

function randomSegments(random: (below: number) => number): ReviewSegment[] {
  const segments: ReviewSegment[] = [];
  for (let at = random(3); at < slots;) {
    const length = 1 + random(12);
    const end = Math.min(slots, at + length);
    segments.push(heard(`voice_${1 + random(4)}`, at * slotMs, end * slotMs));
    at = end + random(3);
  }
  return segments;
}

test("[R17] [R18] random logs: each moment is the voice's that was heard there, but where a person's word stands", () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 400; round += 1) {
    const log = randomLog(random);
    const segments = randomSegments(random);
    const planned = plan(log, segments, (slots * slotMs) / chunkMs);
    const whole = logOf([...log, ...planned.events]);
    const view = viewOf(log);
    const said = planned.events.filter(({ type }) => type === "speaker.resolved");
    const byPeople = slotsOf(log, ({ event }) => isPlacedByPerson(view, event.event_id));
    const others = slotsOf(log, ({ event }) => !isPlacedByPerson(view, event.event_id));
    const parted = new Set(view.apart.flat().map((id) => clusterOf(view, id)));
    /** Whose each voice became, by any moment where nobody's word stood. */
    const idOf = new Map<string, string>();
    for (const { speaker, start_ms, end_ms } of segments) {
      const own = said.find((turn) => (turn.start_ms ?? 0) >= start_ms && (turn.end_ms ?? 0) <= end_ms);
      const isWhole = own?.start_ms === start_ms && own.end_ms === end_ms;
      if (isWhole && !idOf.has(speaker)) idOf.set(speaker, own.cluster_id ?? "");
    }
    expect(new Set(idOf.values()).size).toBe(idOf.size);
    const now = slotsOf(whole);
    const ids = new Set(idOf.values());
    segments.forEach(({ speaker, start_ms, end_ms }) => {
      for (let slot = start_ms / slotMs; slot < end_ms / slotMs; slot += 1) {
        const there = [...(others[slot] ?? [])];
        const stays = there.filter((id) => !ids.has(id) && (bindingOf(view, id) || parted.has(id)));
        // A voice that has no moment of its own can't be told from those that stay.
        if (!idOf.has(speaker)) continue;
        const people = [...(byPeople[slot] ?? [])];
        const expected = people.length > 0 ? people : stays.length > 0 ? stays : [idOf.get(speaker)];
        expect(now[slot] ?? new Set()).toEqual(new Set(expected));
      }
    });
    // Numbered on without a hole, and no name is lost that had a moment.
    for (const name of namesIn(timelineOf(log))) expect(namesIn(timelineOf(whole))).toContain(name);
  }
});
