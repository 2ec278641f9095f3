/** Captions of a track over random audio, reads, faults and kills: each stretch of speech is said once, and nothing else is. */
import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import type { SpokenTurn } from "../../../schemas/speech/spoken-turns.ts";
import type { HeardStretch } from "../../../schemas/speech/utterances.ts";
import { type Cut, Cutter, firstFloor } from "../../../server/app/hearing/cutter.ts";
import {
  type Cursor,
  FollowedTrack,
  secondsPerRead,
  type TrackDeps,
} from "../../../server/app/hearing/follow-track.ts";
import { gapPatienceMs } from "../../../server/app/hearing/gap-patience.ts";
import { audioOf, bytesOf, cutAll, rate, seededRandom, someStretches } from "./support/spoken-audio.ts";

const summed = ({ speech, ...cut }: Cut) => ({ ...cut, speech: createHash("sha256").update(speech).digest("hex") });
const seeds = Array.from({ length: 12 }, (_, n) => n + 1);

describe("cuts", () => {
  test.each(seeds)(
    "[Q2] every sample is in one cut, all speech in pieces of 13 s at most, and a cutter that begins between finds the same: seed %i",
    (seed) => {
      const random = seededRandom(seed);
      const stretches = someStretches(random);
      const samples = audioOf(stretches, 5 + random() * 40);
      const cuts = cutAll(samples);
      expect(cuts[0]?.startMs).toBe(0);
      expect(cuts.at(-1)?.endMs).toBe((samples.length / rate) * 1_000);
      cuts.slice(1).forEach((cut, n) => expect(cut.startMs).toBe(cuts[n]?.endMs));
      let at = 0;
      for (const { isSpeech, ms } of stretches) {
        const spoken = cuts.filter(
          ({ speech, startMs, endMs }) => speech.length > 0 && endMs > at && startMs < at + ms,
        );
        const heardMs = spoken.reduce(
          (sum, { startMs, endMs }) => sum + Math.min(endMs, at + ms) - Math.max(startMs, at),
          0,
        );
        expect(heardMs).toSatisfy((heard: number) => (isSpeech ? heard >= ms - 40 : heard <= 1_000));
        at += ms;
      }
      for (const { speech, startMs, endMs } of cuts) {
        expect(speech.length === 0 || (speech.length === (endMs - startMs) * 32 && endMs - startMs <= 13_000)).toBe(
          true,
        );
      }
      const whole = cuts.findLast(({ endMs }) => endMs % 1_000 === 0 && endMs < samples.length / 16);
      const from = whole ?? { endMs: 0, floor: firstFloor };
      const rest = cutAll(samples.subarray((from.endMs * rate) / 1_000).slice(), new Cutter(from.endMs, from.floor));
      // Bytes by their sum: an assertion that walks through them one by one takes a second.
      expect(rest.map(summed)).toEqual(cuts.filter(({ startMs }) => startMs >= from.endMs).map(summed));
    },
  );

  test("[Q2] silence and steady noise give no piece", () => {
    expect(cutAll(audioOf([{ isSpeech: false, ms: 20_000 }], 0)).every(({ speech }) => speech.length === 0)).toBe(true);
    const loud = cutAll(audioOf([{ isSpeech: false, ms: 20_000 }], 800)).filter(({ speech }) => speech.length > 0);
    // Until the floor has found it.
    expect(loud.every(({ startMs }) => startMs < 10_000)).toBe(true);
  });
});

/** A track, its room and its captioner, of which anything may fail at any time. */
class World {
  /** By where it begins. */
  readonly posted = new Map<number, HeardStretch>();
  readonly conflicts: number[] = [];
  kept = 0;
  isOver = false;
  missing: ReadonlySet<number> = new Set();
  turns: SpokenTurn[] = [];
  resolvedMs = 0;
  isEnded = false;
  isResolving = false;
  now = 1_000_000;
  cursor: Cursor = { ms: 0, floor: firstFloor, gapSince: null };
  faults = 0;
  transcribed = 0;
  /** What a model hears; undefined: how long the piece is. */
  words: string | undefined;
  readonly #samples: Int16Array;
  readonly #random: () => number;

  constructor(samples: Int16Array, random: () => number) {
    this.#samples = samples;
    this.#random = random;
  }

  get seconds(): number {
    return this.#samples.length / rate;
  }

  captioner(): FollowedTrack<string> {
    const mayFail = (): boolean => this.#random() < this.faults;
    const setback = { ok: false, error: "a fault" } as const;
    const dies = (): void => {
      if (this.#random() < this.faults / 2) throw new Error("killed");
    };
    const deps: TrackDeps<string> = {
      track: "mic",
      chunks: async (from) => {
        if (mayFail()) return setback;
        const most = secondsPerRead;
        const seqs = Array.from({ length: most }, (_, n) => from + n).filter(
          (seq) => seq <= this.kept && !this.missing.has(seq),
        );
        return { ok: true, value: seqs.map((seq) => ({ seq, pcm: bytesOf(this.#samples, seq) })) };
      },
      turns: async (fromMs, toMs) => {
        if (mayFail()) return setback;
        const kept = Array.from({ length: this.kept }, (_, n) => n + 1).filter((seq) => !this.missing.has(seq));
        const turns = this.turns.filter(({ start_ms, end_ms }) => end_ms > fromMs && start_ms < toMs);
        return {
          ok: true,
          value: {
            last_seq: kept.at(-1) ?? 0,
            is_ended: this.isEnded,
            resolved_ms: this.resolvedMs,
            is_resolving: this.isResolving,
            turns: turns.filter(({ end_ms }) => end_ms <= this.resolvedMs),
          },
        };
      },
      hear: async (speech) => {
        this.transcribed += 1;
        dies();
        if (mayFail()) return setback;
        const text = this.words ?? `${speech.length} bytes`;
        const segments = [{ start_ms: 0, end_ms: speech.length / 32, text }];
        return { ok: true, value: { segments, model: "embedded/moonshine-tiny" } };
      },
      post: async (heard) => {
        if (mayFail()) return setback;
        const before = this.posted.get(heard.from_ms);
        if (before && JSON.stringify(before) !== JSON.stringify(heard)) this.conflicts.push(heard.from_ms);
        this.posted.set(heard.from_ms, heard);
        dies();
        return { ok: true, value: undefined };
      },
      cursor: () => this.cursor,
      save: (cursor) => {
        this.cursor = cursor;
        dies();
      },
      isOver: () => this.isOver,
      turnsPatienceMs: 10_000,
      now: () => this.now,
    };
    return new FollowedTrack(deps);
  }
}

async function runToTheEnd(world: World, random: () => number): Promise<void> {
  let captioner = world.captioner();
  for (let steps = 0; steps < 2_000; steps += 1) {
    world.now += 1_000;
    world.kept = Math.min(world.seconds, world.kept + Math.floor(random() * 4));
    world.isOver = world.kept === world.seconds;
    if (random() < 0.1) captioner = world.captioner();
    const wasOver = world.isOver;
    const done = await captioner.advance().catch(() => undefined);
    if (!done) captioner = world.captioner();
    else if (done.ok && wasOver && world.cursor.ms === world.seconds * 1_000) return;
  }
  throw new Error("it did not get to the end");
}

/** What was said, in order. */
const said = (world: World): HeardStretch[] => [...world.posted.values()].sort((a, b) => a.from_ms - b.from_ms);

describe("following a track", () => {
  test.each(seeds)(
    "[Q2] [Q3] faults and kills anywhere: the same utterances as without, each once: seed %i",
    async (seed) => {
      const random = seededRandom(seed);
      const samples = audioOf(someStretches(random), 10);
      const calm = new World(samples, seededRandom(seed));
      await runToTheEnd(calm, random);
      const wild = new World(samples, random);
      wild.faults = 0.15;
      await runToTheEnd(wild, random);
      expect(wild.conflicts).toEqual([]);
      expect(said(wild)).toEqual(said(calm));
      const ends = said(calm).map(({ to_ms }) => to_ms);
      said(calm)
        .slice(1)
        .forEach(({ from_ms }, n) => expect(from_ms).toBeGreaterThanOrEqual(ends[n] ?? 0));
      expect(said(calm).length).toBeGreaterThan(0);
      expect(calm.transcribed).toBe(calm.posted.size);
    },
  );

  test("[Q3] a missing second is waited for, then passed over; one that comes in time is said", async () => {
    const samples = audioOf(
      [
        { isSpeech: false, ms: 1_000 },
        { isSpeech: true, ms: 6_000 },
        { isSpeech: false, ms: 3_000 },
      ],
      10,
    );
    const world = new World(samples, seededRandom(1));
    world.kept = 10;
    world.missing = new Set([4]);
    const captioner = world.captioner();
    await captioner.advance();
    await captioner.advance();
    expect(world.posted.size).toBe(0);
    world.now += gapPatienceMs - 1;
    world.missing = new Set();
    await captioner.advance();
    expect(said(world)).toHaveLength(1);

    const holed = new World(samples, seededRandom(2));
    holed.kept = 10;
    holed.missing = new Set([4]);
    const other = holed.captioner();
    for (const _ of [1, 2, 3]) {
      await other.advance();
      holed.now += gapPatienceMs;
    }
    const [first, second] = said(holed);
    expect([first?.to_ms, second?.from_ms]).toEqual([3_000, 4_000]);
  });

  test("[Q3] waiting for a missing second reads nothing anew: whoever asks again after a read is not kept busy by a gap", async () => {
    const samples = audioOf(
      [
        { isSpeech: true, ms: 6_000 },
        { isSpeech: false, ms: 6_000 },
      ],
      10,
    );
    const world = new World(samples, seededRandom(3));
    world.kept = 10;
    // The first of the track, and one in the middle of what is said.
    world.missing = new Set([1, 4]);
    const captioner = world.captioner();
    const looks: unknown[] = [];
    for (const _ of [1, 2, 3]) looks.push(await captioner.advance());
    const waits = { ok: true, value: { hasRead: false, isCaughtUp: false } };
    expect(looks).toEqual([waits, waits, waits]);
    world.now += gapPatienceMs;
    world.kept = 12;
    world.missing = new Set([1, 4, 11]);
    // Behind the first gap there is something to read; the second was waited for meanwhile, and the third is new.
    expect(await captioner.advance()).toEqual({ ok: true, value: { hasRead: true, isCaughtUp: false } });
    expect(await captioner.advance()).toEqual(waits);
    expect(world.cursor.ms).toBeGreaterThanOrEqual(6_000);
  });

  test.each([
    ["every second one", (seq: number) => seq % 2 === 0],
    ["two minutes and two minutes", (seq: number) => Math.floor(seq / 120) % 2 === 1],
  ])("[Q3] [Q5] however many seconds are missing, they are waited for together: %s", async (_, isMissing) => {
    const seconds = 1_500;
    const world = new World(audioOf([{ isSpeech: false, ms: seconds * 1_000 }], 10), seededRandom(4));
    world.kept = seconds;
    world.missing = new Set(Array.from({ length: seconds - 2 }, (__, n) => n + 1).filter(isMissing));
    const captioner = world.captioner();
    const begun = world.now;
    for (let looks = 0; looks < 200 && world.cursor.ms < (seconds - 10) * 1_000; looks += 1) {
      const done = await captioner.advance();
      // As the captioner does: at once where something was read.
      if (!(done.ok && done.value.hasRead)) world.now += 1_000;
    }
    expect(world.cursor.ms).toBeGreaterThanOrEqual((seconds - 10) * 1_000);
    expect(world.now - begun).toBeLessThanOrEqual(gapPatienceMs + 2_000);
  });

  test("[Q5] a gap longer than a read is passed over, and what lies behind it is said", async () => {
    const samples = audioOf(
      [
        { isSpeech: true, ms: 2_000 },
        { isSpeech: false, ms: 78_000 },
        { isSpeech: true, ms: 2_000 },
        { isSpeech: false, ms: 2_000 },
      ],
      10,
    );
    const world = new World(samples, seededRandom(3));
    world.kept = 84;
    world.missing = new Set(Array.from({ length: 77 }, (_, n) => n + 3));
    const captioner = world.captioner();
    for (const _ of [1, 2, 3, 4, 5]) {
      await captioner.advance();
      world.now += gapPatienceMs;
    }
    expect(said(world).flatMap(({ segments }) => segments.map(({ start_ms }) => start_ms >= 79_000))).toEqual([
      false,
      true,
    ]);
  });

  test("[Q4] a piece waits for speaker resolve, is cut where another goes on, and waits no longer than it has patience", async () => {
    const samples = audioOf(
      [
        { isSpeech: false, ms: 1_000 },
        { isSpeech: true, ms: 4_000 },
        { isSpeech: false, ms: 200 },
        { isSpeech: true, ms: 3_800 },
        { isSpeech: false, ms: 3_000 },
      ],
      10,
    );
    const world = new World(samples, seededRandom(4));
    world.kept = 12;
    world.isResolving = true;
    world.turns = [
      { start_ms: 1_000, end_ms: 5_300, cluster_id: "a" },
      { start_ms: 5_300, end_ms: 9_000, cluster_id: "b" },
    ];
    const captioner = world.captioner();
    expect(await captioner.advance()).toMatchObject({ ok: true, value: { isCaughtUp: false } });
    expect(world.posted.size).toBe(0);
    world.resolvedMs = 12_000;
    await captioner.advance();
    const [first, second, ...others] = said(world).flatMap(({ segments }) => segments);
    expect(others).toEqual([]);
    // At the pause, not where the resolver has it.
    expect(first?.end_ms).toBeGreaterThanOrEqual(5_000);
    expect(first?.end_ms).toBeLessThanOrEqual(5_200);
    expect(second?.start_ms).toBe(first?.end_ms);

    const impatient = new World(samples, seededRandom(5));
    impatient.kept = 12;
    impatient.isResolving = true;
    const other = impatient.captioner();
    await other.advance();
    impatient.now += 9_999;
    await other.advance();
    expect(impatient.posted.size).toBe(0);
    impatient.now += 1;
    await other.advance();
    expect(said(impatient)).toHaveLength(1);
  });

  test("[Q5] where a track ended, or nothing comes any more, its last words are said before the meeting is over", async () => {
    const samples = audioOf(
      [
        { isSpeech: false, ms: 1_000 },
        { isSpeech: true, ms: 3_000 },
      ],
      10,
    );
    for (const isEnded of [true, false]) {
      const world = new World(samples, seededRandom(6));
      world.kept = 4;
      world.isEnded = isEnded;
      const captioner = world.captioner();
      await captioner.advance();
      expect(world.posted.size).toBe(isEnded ? 1 : 0);
      world.now += gapPatienceMs;
      await captioner.advance();
      expect(world.posted.size).toBe(1);
      expect(world.cursor.ms).toBe(4_000);
    }
  });

  test("[Q2] a model that says far too much is cut to what an utterance holds, between characters", async () => {
    const samples = audioOf([{ isSpeech: true, ms: 2_000 }], 10);
    for (const before of ["", "a"]) {
      const world = new World(samples, seededRandom(7));
      world.words = before + "\u{1F600}".repeat(3_000);
      await runToTheEnd(world, seededRandom(7));
      const text = said(world)[0]?.segments[0]?.text ?? "";
      expect(text.isWellFormed()).toBe(true);
      expect(text).toHaveLength(before === "" ? 4_000 : 3_999);
    }
  });
});
