/** Captions as one speaks: partials and early finals, over a room that keeps them, with faults and kills anywhere. */
import { describe, expect, test } from "vitest";
import { LiveWorld } from "./support/live-world.ts";
import { audioOf, seededRandom, someStretches, type Stretch } from "./support/spoken-audio.ts";

const seeds = Array.from({ length: 12 }, (_, n) => n + 1);
const quiet = (ms: number): Stretch => ({ isSpeech: false, ms });
const speech = (ms: number): Stretch => ({ isSpeech: true, ms });
const said = (world: LiveWorld) =>
  world.standing.map(({ utterance_id, start_ms, end_ms, text, final }) => ({
    utterance_id,
    start_ms,
    end_ms,
    text,
    final,
  }));

describe("captions as one speaks", () => {
  test.each(seeds)(
    "[Q6] [Q9] what stands at the end is what captions of the kept seconds alone say, whatever fails and dies: seed %i",
    async (seed) => {
      const samples = audioOf(someStretches(seededRandom(seed)), 10);
      const plain = new LiveWorld(samples);
      await plain.run(false);
      const calm = new LiveWorld(samples);
      await calm.run();
      expect(said(calm)).toEqual(said(plain));
      const wild = new LiveWorld(samples, seededRandom(seed));
      wild.faults = 0.12;
      wild.keptAfterMs = 700;
      await wild.run();
      expect(said(wild)).toEqual(said(plain));
      expect(said(plain).length).toBeGreaterThan(0);
      expect(said(plain).every(({ final }) => final === true)).toBe(true);
    },
  );

  test("[Q6] a partial a second while one speaks, or after twice what the last one took; the first one's id and beginning stay", async () => {
    const world = new LiveWorld(audioOf([quiet(1_000), speech(8_000), quiet(2_000)], 10));
    let asked = 0;
    world.words = ({ length }) => ({ start: 100 + 40 * (asked++ % 5), text: `${length} bytes` });
    for (let n = 0; n < 20; n += 1) await world.look();
    const partials = world.posted.filter(({ heard }) => heard.standing === "partial");
    const pauses = partials.slice(1).map(({ at }, n) => at - (partials[n]?.at ?? 0));
    expect(pauses.length).toBeGreaterThanOrEqual(3);
    expect(pauses.every((ms) => ms >= 1_000 && ms <= 1_300)).toBe(true);
    const [first] = said(world);
    expect(first?.final).toBe(false);
    world.tookMs = 800;
    const before = world.posted.length;
    for (let n = 0; n < 4; n += 1) await world.look();
    expect(world.posted.length - before).toBe(1);
    world.tookMs = 0;
    await world.run();
    expect(said(world)).toMatchObject([{ utterance_id: first?.utterance_id, start_ms: first?.start_ms, final: true }]);
    const ids = world.events.all().map(({ type, utterance }) => `${type} ${utterance?.utterance_id}`);
    expect(new Set(ids)).toEqual(
      new Set([`utterance.added ${first?.utterance_id}`, `utterance.revised ${first?.utterance_id}`]),
    );
  });

  test.each([
    { hasLive: true, withinMs: 1_500 },
    { hasLive: false, withinMs: 2_500 },
  ])("[Q7] a final follows its pause within $withinMs ms, live audio: $hasLive", async ({ hasLive, withinMs }) => {
    for (let shiftMs = 0; shiftMs < 1_000; shiftMs += 100) {
      const world = new LiveWorld(audioOf([quiet(1_000), speech(3_000 + shiftMs), quiet(6_000)], 10));
      Object.assign(world, { hasLive, tookMs: 250 });
      while (!said(world).some(({ final }) => final === true)) await world.look();
      // A pause is one of 0.6 s.
      expect(world.now - world.saidAt(4_000 + shiftMs + 600)).toBeLessThanOrEqual(withinMs);
    }
  });

  test("[Q7] a piece that was heard while its pause was none yet is not heard again, neither then nor once it is kept", async () => {
    const world = new LiveWorld(audioOf([quiet(1_000), speech(3_000), quiet(3_000)], 10));
    world.keptAfterMs = 3_000;
    await world.run();
    const finals = world.posted.filter(({ heard }) => heard.standing !== "partial");
    const partials = world.posted.length - finals.length;
    expect(finals.length).toBeGreaterThanOrEqual(2);
    expect(world.heard).toBe(partials);
    expect(said(world)).toHaveLength(1);
  });

  test("[Q7] a piece whose words are under way when its pause is one is waited for, and not heard anew", async () => {
    const world = new LiveWorld(audioOf([quiet(1_000), speech(900), quiet(6_000)], 10));
    const answer = Promise.withResolvers<void>();
    const wanted: (AbortSignal | undefined)[] = [];
    world.beforeHeard = async (signal) => {
      wanted.push(signal);
      // The first is of words that go on.
      if (wanted.length > 1) await answer.promise;
    };
    while (wanted.length < 2) await world.look();
    expect(world.elapsedMs).toBeLessThan(1_900 + 600);
    await world.look();
    const looking = world.look();
    await new Promise((resolve) => setImmediate(resolve));
    answer.resolve();
    await looking;
    expect(said(world)).toMatchObject([{ final: true }]);
    expect(wanted.map((signal) => signal?.aborted)).toEqual([false, false]);
  });

  test("[Q7] words that were heard in live audio whose second never comes are taken back where they are no final", async () => {
    const world = new LiveWorld(audioOf([quiet(4_100), speech(800), quiet(100), speech(1_000)], 10));
    world.keptAtMost = 4;
    for (let n = 0; n < 19; n += 1) await world.look();
    expect(said(world)).toMatchObject([{ final: false }]);
    await world.run();
    expect(said(world)).toEqual([]);
  });

  test("[Q8] a piece is said before it is known who speaks, and cut once it is; a captioner that died between does so as well", async () => {
    for (const dies of [false, true]) {
      const world = new LiveWorld(audioOf([quiet(1_000), speech(5_000), quiet(3_000)], 10));
      world.isResolving = true;
      while (world.elapsedMs < world.lengthMs) await world.look();
      const [early] = said(world);
      expect(said(world)).toMatchObject([{ final: true }]);
      if (dies) world.kill();
      world.turns = [
        { start_ms: 1_000, end_ms: 3_500, cluster_id: "a" },
        { start_ms: 3_500, end_ms: 6_000, cluster_id: "b" },
      ];
      world.resolvedMs = 9_000;
      await world.run();
      expect(said(world)).toHaveLength(2);
      expect(said(world)[0]).toMatchObject({ utterance_id: early?.utterance_id, start_ms: early?.start_ms });
    }
  });

  test("[Q9] partials end where half of the log is taken; finals go on", async () => {
    const stretches = Array.from({ length: 12 }, () => [quiet(1_000), speech(3_000)]).flat();
    const world = new LiveWorld(audioOf([...stretches, quiet(2_000)], 10), undefined, 40);
    await world.run();
    expect(said(world)).toHaveLength(12);
    expect(said(world).every(({ final }) => final === true)).toBe(true);
    const partials = world.posted.filter(({ heard }) => heard.standing === "partial");
    expect(partials.length).toBeLessThan(20);
  });

  test("[Q9] who is behind says what is kept, in order, and no partial", async () => {
    const stretches = Array.from({ length: 10 }, () => [quiet(1_000), speech(3_000)]).flat();
    const world = new LiveWorld(audioOf([...stretches, quiet(2_000)], 10));
    world.now += 40_000;
    await world.look();
    const [{ heard: first } = { heard: undefined }] = world.posted;
    expect(first?.from_ms).toBeLessThan(1_500);
    expect(world.posted.slice(0, 9).every(({ heard }) => heard.standing !== "partial")).toBe(true);
  });
});
