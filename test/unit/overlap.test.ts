/** Turns that overlap: timeline, transcript and talk time against a scan of all, over random logs; and what they cost. */
import { describe, expect, test } from "vitest";
import type { EventBody, RoomEvent } from "../../schemas/speech/events.ts";
import type { Turn } from "../../schemas/http/result.ts";
import { runNow, type Steps } from "../../schemas/lib/steps.ts";
import { timelineOf, timelineSteps } from "../../schemas/speech/timeline.ts";
import { speakersOf, transcriptOf, transcriptSteps } from "../../schemas/speech/transcript.ts";
import type { Utterance } from "../../schemas/speech/utterances.ts";
import { randomFrom, seed } from "./support/random.ts";

type Body = Omit<EventBody, "by"> & Partial<Pick<EventBody, "by">>;
const logOf = (bodies: readonly Body[]): RoomEvent[] =>
  bodies.map((body, i) => ({ by: "inference", ...body, event_id: i + 1, at: "2026-01-01T00:00:00.000Z" }));
const spoke = (cluster_id: string, start_ms: number, end_ms: number, more: Partial<EventBody> = {}): Body => {
  const from_seq = Math.floor(start_ms / 4_000) * 4 + 1;
  const where = { track: "mixed", from_seq, to_seq: from_seq + 3, start_ms, end_ms };
  return { type: "speaker.resolved", cluster_id, ...where, ...more };
};
const placed = (turn_id: number, cluster_id: string): Body => ({
  type: "speaker.reassigned",
  turn_id,
  cluster_id,
  by: "person",
});
const said = (utterance_id: string, start_ms: number, end_ms: number): Utterance => ({
  utterance_id,
  track: "mixed",
  start_ms,
  end_ms,
  text: utterance_id,
  revision: 1,
});
const added = (utterance: Utterance): Body => ({ type: "utterance.added", track: utterance.track, utterance });
const shortOf = (turns: readonly Turn[]): unknown[] =>
  turns.map((turn) => [turn.start_ms, turn.end_ms, turn.cluster_id]);

describe("one long turn with a short one inside it", () => {
  const events = logOf([
    spoke("ada", 0, 4_000),
    spoke("bob", 1_000, 1_600),
    spoke("ada", 4_000, 8_000),
    added(said("middle", 2_000, 3_800)),
    added(said("mhm", 1_000, 1_600)),
  ]);

  test("[R9] an interjection does not cut the turn that it falls into", () => {
    expect(shortOf(timelineOf(events))).toEqual([
      [0, 8_000, "ada"],
      [1_000, 1_600, "bob"],
    ]);
  });

  test("[E3] what follows an interjection is the long turn's speaker's, and the interjection its own", () => {
    const entries = transcriptOf(events, timelineOf(events));
    expect(entries.map(({ text, cluster_id }) => [text, cluster_id])).toEqual([
      ["mhm", "bob"],
      ["middle", "ada"],
    ]);
  });

  test("[R9] a person who says whose the interjection is cuts nothing out of the long turn", () => {
    expect(shortOf(timelineOf([...events, ...logOf([...events, placed(2, "carol")]).slice(-1)]))).toEqual([
      [0, 8_000, "ada"],
      [1_000, 1_600, "carol"],
    ]);
  });

  test("[R9] whoever begins to speak in a pause parts the turns around it", () => {
    const turns = timelineOf(logOf([spoke("ada", 0, 2_000), spoke("bob", 2_100, 2_400), spoke("ada", 2_500, 4_000)]));
    expect(shortOf(turns)).toEqual([
      [0, 2_000, "ada"],
      [2_100, 2_400, "bob"],
      [2_500, 4_000, "ada"],
    ]);
  });

  test("[E3] an utterance without a length is of whoever speaks then", () => {
    const [entry] = transcriptOf(logOf([added(said("now", 3_000, 3_000))]), timelineOf(events));
    expect(entry?.cluster_id).toBe("ada");
  });

  test("[E3] what two tracks have of one speaker at one moment counts once", () => {
    const turns = timelineOf(logOf([spoke("ada", 0, 2_000), spoke("ada", 1_000, 3_000, { track: "room" })]));
    expect(speakersOf(turns)).toEqual([{ cluster_id: "ada", speaker_name: null, talk_ms: 3_000, turns: 2 }]);
  });
});

/** Overlapping answers, windows resolved again, people's corrections. */
function randomLog(random: (below: number) => number): RoomEvent[] {
  const bodies: Body[] = [];
  const turnIds: number[] = [];
  const count = 20 + random(60);
  while (bodies.length < count) {
    const window = random(8) * 4_000;
    const isAgain = bodies.length > 0 && random(4) === 0;
    const replaces = isAgain ? { replaces: bodies.length } : {};
    for (let n = random(5); n >= 0; n -= 1) {
      const start = window + random(3_900);
      turnIds.push(bodies.length + 1);
      bodies.push(spoke(`c${random(3)}`, start, Math.min(window + 4_000, start + 1 + random(2_500)), replaces));
    }
    if (random(3) === 0) bodies.push(placed(turnIds[random(turnIds.length)] ?? 1, `c${random(4)}`));
  }
  return logOf(bodies);
}

/** Who speaks in each of the log's milliseconds, by the rules' words alone. */
function scan(events: readonly RoomEvent[]): Map<string, boolean[]> {
  const person = new Map(
    events.flatMap((e) => (e.type === "speaker.reassigned" ? [[e.turn_id, e.cluster_id ?? ""]] : [])),
  );
  const turns = events.filter(({ type }) => type === "speaker.resolved");
  const isReplaced = (e: RoomEvent): boolean =>
    turns.some(
      (later) =>
        (later.replaces ?? 0) >= e.event_id &&
        (later.from_seq ?? 0) <= (e.from_seq ?? 0) &&
        (later.to_seq ?? 0) >= (e.to_seq ?? 0),
    );
  const outlived = turns.filter((e) => person.has(e.event_id) && isReplaced(e));
  const speaking = new Map<string, boolean[]>();
  for (const e of turns) {
    const isPlaced = person.has(e.event_id);
    if (!isPlaced && isReplaced(e)) continue;
    const cluster = person.get(e.event_id) ?? e.cluster_id ?? "";
    const own = speaking.get(cluster) ?? [];
    speaking.set(cluster, own);
    for (let ms = e.start_ms ?? 0; ms < (e.end_ms ?? 0); ms += 1) {
      const isCut = !isPlaced && outlived.some((o) => ms >= (o.start_ms ?? 0) && ms < (o.end_ms ?? 0));
      if (!isCut) own[ms] = true;
    }
  }
  return speaking;
}

test(`[R9] random overlapping turns hold every millisecond that a scan finds, and pauses of 800 ms at most (seed ${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 60; round += 1) {
    const events = randomLog(random);
    const turns = timelineOf(events);
    const speaking = scan(events);
    for (const [cluster, own] of Map.groupBy(turns, ({ cluster_id }) => cluster_id)) {
      const truth = speaking.get(cluster) ?? [];
      let covered = 0;
      let [silence, longestPause] = [0, 0];
      for (const [i, { start_ms, end_ms }] of own.entries()) {
        expect(start_ms).toBeGreaterThan(own[i - 1]?.end_ms ?? -1);
        expect([truth[start_ms], truth[end_ms - 1]]).toEqual([true, true]);
        for (let ms = start_ms; ms < end_ms; ms += 1) {
          silence = truth[ms] ? 0 : silence + 1;
          if (truth[ms]) covered += 1;
          longestPause = Math.max(longestPause, silence);
        }
      }
      expect(longestPause).toBeLessThanOrEqual(800);
      expect(covered).toBe(truth.filter(Boolean).length);
    }
    expect(turns.map(({ start_ms }) => start_ms)).toEqual(turns.map(({ start_ms }) => start_ms).sort((a, b) => a - b));
  }
});

test(`[E3] random utterances over overlapping turns are of the speaker that a scan of all turns finds (seed ${seed})`, () => {
  const random = randomFrom(seed);
  for (let round = 0; round < 60; round += 1) {
    const turns = timelineOf(randomLog(random));
    const utterances = Array.from({ length: 40 }, (_, i) => {
      const start = random(34_000);
      return said(`u${i}`, start, start + random(6_000));
    });
    for (const { utterance_id, cluster_id } of runNow(transcriptSteps(utterances, turns, new Map()))) {
      const { start_ms, end_ms } =
        utterances.find((utterance) => utterance.utterance_id === utterance_id) ?? said("", 0, 0);
      const to = Math.max(end_ms, start_ms + 1);
      const claims = [...Map.groupBy(turns, (turn) => turn.cluster_id)].flatMap(([id, all]) => {
        const own = all.filter((turn) => turn.start_ms < to && turn.end_ms > start_ms);
        const ms = own.reduce((sum, t) => sum + Math.min(to, t.end_ms) - Math.max(start_ms, t.start_ms), 0);
        const length = own.reduce((sum, t) => sum + t.end_ms - t.start_ms, 0);
        return own[0] ? [{ id, key: [-ms, length, own[0].start_ms] }] : [];
      });
      const [best] = claims.sort(
        (a, b) => a.key.map((value, i) => value - (b.key[i] ?? 0)).find((d) => d !== 0) ?? (a.id < b.id ? -1 : 1),
      );
      expect(cluster_id).toBe(best?.id ?? null);
    }
  }
});

/** How many steps some work takes. */
function stepsOf(work: Steps<unknown>): number {
  let steps = 0;
  while (!work.next().done) steps += 1;
  return steps;
}

describe("what it costs, in steps", () => {
  test("[R9] 10,000 turns with 2,000 that a person corrected and 1,000 windows resolved again: a few steps a turn", () => {
    const bodies = Array.from({ length: 10_000 }, (_, i) => spoke(`c${i % 7}`, i * 1_000, i * 1_000 + 2_500));
    for (let i = 0; i < 2_000; i += 1) bodies.push(placed(i * 5 + 1, "c9"));
    for (let i = 0; i < 1_000; i += 1)
      bodies.push(spoke("c1", i * 8_000, i * 8_000 + 4_000, { replaces: bodies.length }));
    expect(stepsOf(timelineSteps(logOf(bodies)))).toBeLessThan(10 * bodies.length);
  });

  test("[R9] one speaker's turn of 20,000 stretches, and a chain of 5,000 merges, are no more than that", () => {
    const bodies = Array.from({ length: 20_000 }, (_, i) => spoke("c0", i * 1_000, i * 1_000 + 1_000));
    for (let i = 0; i < 5_000; i += 1) {
      bodies.push({ type: "speaker.merged", cluster_id: `c${i}`, into_cluster_id: `c${i + 1}` });
    }
    const turns = runNow(timelineSteps(logOf(bodies)));
    expect(turns).toMatchObject([{ start_ms: 0, end_ms: 20_000_000, cluster_id: "c5000" }]);
    expect(stepsOf(timelineSteps(logOf(bodies)))).toBeLessThan(5 * bodies.length);
  });

  test("[E3] 5,000 turns and 10,000 utterances of any length: a step an utterance and speaker", () => {
    const turns = timelineOf(
      logOf(Array.from({ length: 5_000 }, (_, i) => spoke(`c${i % 6}`, i * 900, i * 900 + 1_500))),
    );
    const utterances = Array.from({ length: 10_000 }, (_, i) => said(`u${i}`, i * 300, i * 300 + 600_000));
    const sorting = 10_000 / 20;
    expect(stepsOf(transcriptSteps(utterances, turns, new Map()))).toBeLessThanOrEqual(
      5_000 + 10_000 * (6 + 1) + sorting,
    );
  });
});
