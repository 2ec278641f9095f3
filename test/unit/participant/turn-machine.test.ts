import * as fc from "fast-check";
import { describe, expect, inject, test } from "vitest";
import { nextTurn, reviveTurns } from "../../../server/app/participant/turns/turn-machine.ts";
import { turnTimes } from "../../../server/app/participant/turns/turn-times.ts";
import { beginTurns, phaseOf } from "../../../server/app/participant/turns/turn-state.ts";
import type {
  SpokenUtterance,
  TurnEffect,
  TurnInput,
  TurnState,
} from "../../../server/app/participant/turns/turn-types.ts";

const startedAt = 1_700_000_000_000;
const limitMs = 600_000;

/** A conversation with a player that drops what it is told to drop. */
class Talk {
  state: TurnState;
  now = startedAt;
  queued = 0;
  placeMs = 0;
  readonly recorded: SpokenUtterance[] = [];
  readonly effects: TurnEffect[] = [];

  constructor() {
    const begun = beginTurns(this.now, limitMs);
    this.state = begun.state;
    this.#apply(begun.effects, 0);
  }

  take(input: TurnInput): readonly TurnEffect[] {
    const { state, effects } = nextTurn(this.state, input, this.now);
    this.state = state;
    this.#apply(effects, input.type === "audio" ? input.samples : 0);
    return effects;
  }

  /** The pacer plays what is there, in steps of 100 ms. */
  play(ms: number): void {
    for (let left = ms; left > 0; left -= 100) {
      const samples = Math.min(this.queued, 1_600);
      this.now += 100;
      this.queued -= samples;
      if (samples > 0) this.take({ type: "played", atMs: this.placeMs, samples });
      else this.take({ type: "tick" });
      this.placeMs += 100;
    }
  }

  revive(): void {
    const { state, effects } = reviveTurns(structuredClone(this.state), this.now);
    this.state = state;
    this.queued = 0;
    this.#apply(effects, 0);
  }

  #apply(effects: readonly TurnEffect[], samples: number): void {
    for (const effect of effects) {
      this.effects.push(effect);
      if (effect.type === "flush") this.queued = 0;
      if (effect.type === "queue") this.queued += samples;
      if (effect.type === "record") this.recorded.push(effect.utterance);
    }
  }
}

type Happening = TurnInput | { readonly type: "plays"; readonly ms: number } | { readonly type: "dies" };

function happen(talk: Talk, happening: Happening): readonly TurnEffect[] {
  if (happening.type === "plays") talk.play(happening.ms);
  else if (happening.type === "dies") talk.revive();
  else return talk.take(happening);
  return [];
}

const words = (count: number): string => Array.from({ length: count }, (_, index) => `w${index + 1}`).join(" ");
const connected: TurnInput = { type: "connected" };

describe("the turn machine", () => {
  test("[Y1] a turn goes from listening through thinking and speaking, and both sides are recorded in their places", () => {
    const talk = new Talk();
    expect(phaseOf(talk.state)).toBe("resuming");
    talk.take({ type: "people", count: 1 });
    talk.take(connected);
    expect(phaseOf(talk.state)).toBe("listening");
    talk.take({ type: "voice", track: "mic", startMs: 4_000, endMs: 4_100 });
    talk.take({ type: "voice", track: "mic", startMs: 5_900, endMs: 6_000 });
    talk.take({ type: "asked" });
    expect(phaseOf(talk.state)).toBe("thinking");
    talk.take({ type: "heard", text: "What is it?", isFinal: true });
    talk.placeMs = 7_000;
    talk.take({ type: "audio", turn: 1, samples: 16_000 });
    talk.take({ type: "said", turn: 1, text: "A gateway." });
    expect(phaseOf(talk.state)).toBe("speaking");
    talk.take({ type: "turn_complete", turn: 1 });
    talk.play(1_000);
    expect(phaseOf(talk.state)).toBe("listening");
    expect(talk.recorded).toMatchObject([
      { id: "user-1", track: "mic", startMs: 4_000, endMs: 6_000, text: "What is it?" },
      { id: "ai-2", startMs: 7_000, endMs: 8_000, text: "A gateway." },
    ]);
  });

  test("[Y2] cut off, only what was played is recorded, the rest is flushed, and late sound of it is dropped", () => {
    const talk = new Talk();
    talk.take(connected);
    talk.take({ type: "audio", turn: 1, samples: 64_000 });
    talk.take({ type: "said", turn: 1, text: words(8) });
    talk.play(2_000);
    const effects = talk.take({ type: "interrupted" });
    expect(effects[0]).toEqual({ type: "flush" });
    expect(effects.at(-1)).toEqual({ type: "turn_over", turn: 1, playedSamples: 32_000, wasCut: true });
    expect(phaseOf(talk.state)).toBe("interrupted");
    expect(talk.recorded).toMatchObject([{ text: words(4), startMs: 0, endMs: 2_000 }]);
    expect(talk.take({ type: "audio", turn: 1, samples: 1_600 })).toEqual([]);
    expect(talk.take({ type: "audio", turn: 2, samples: 1_600 })).toEqual([{ type: "queue" }]);
  });

  test("[Y2] an interruption while nothing is said changes nothing", () => {
    const talk = new Talk();
    talk.take(connected);
    expect(talk.take({ type: "interrupted" })).toEqual([]);
    expect(phaseOf(talk.state)).toBe("listening");
  });

  test("[Y2] of a turn of which nothing was played nothing is recorded", () => {
    const talk = new Talk();
    talk.take(connected);
    talk.take({ type: "said", turn: 1, text: "Never heard." });
    talk.take({ type: "turn_complete", turn: 1 });
    talk.take({ type: "audio", turn: 2, samples: 16_000 });
    talk.take({ type: "said", turn: 2, text: "Nor this." });
    talk.take({ type: "interrupted" });
    expect(talk.recorded).toEqual([]);
  });

  test("[Y3] a lost connection is replaced at once, then with growing pauses, and given up in the end", () => {
    const talk = new Talk();
    talk.take(connected);
    const pauses = [];
    while (talk.state.ended === undefined) {
      const effect = talk.take({ type: "lost" }).find(({ type }) => type === "connect");
      if (effect?.type === "connect") pauses.push(effect.afterMs);
    }
    expect(pauses).toEqual([0, 188, 375, 750, 1_500, 3_000, 6_000, 6_000]);
    expect(talk.state.ended).toBe("model_failed");
  });

  test("[Y3] one that replaces its connections again and again goes on for as long as it says something", () => {
    const talk = new Talk();
    for (let round = 0; round < 100; round += 1) {
      talk.take(connected);
      talk.take({ type: "audio", turn: 1, samples: 1_600 });
      talk.take({ type: "said", turn: 1, text: `Round ${round}.` });
      talk.take({ type: "lost" });
      talk.play(100);
    }
    expect(talk.recorded.map(({ text }) => text)).toEqual(Array.from({ length: 100 }, (_, round) => `Round ${round}.`));
  });

  test("[Y4] it ends at its limit, with nobody there, when asked, and when the model is done and was heard", () => {
    const alone = new Talk();
    alone.take(connected);
    alone.now += turnTimes.aloneMs;
    expect(alone.take({ type: "tick" })).toEqual([{ type: "hang_up", reason: "nobody_there" }]);
    const long = new Talk();
    long.take({ type: "people", count: 1 });
    long.now += limitMs;
    expect(long.take({ type: "tick" })).toEqual([{ type: "hang_up", reason: "time_limit" }]);
    const done = new Talk();
    done.take({ type: "people", count: 1 });
    done.take(connected);
    done.take({ type: "audio", turn: 1, samples: 16_000 });
    done.take({ type: "said", turn: 1, text: "Goodbye." });
    done.take({ type: "end", reason: "model_done" });
    expect(phaseOf(done.state)).toBe("closing");
    done.play(1_000);
    expect(done.state.ended).toBe("model_done");
    expect(done.recorded).toMatchObject([{ text: "Goodbye." }]);
    const asked = new Talk();
    asked.take(connected);
    asked.take({ type: "audio", turn: 1, samples: 16_000 });
    expect(asked.take({ type: "end", reason: "asked" })[0]).toEqual({ type: "flush" });
    expect(phaseOf(asked.state)).toBe("ended");
  });

  const input = fc.oneof<fc.Arbitrary<TurnInput>[]>(
    fc.constantFrom<TurnInput>(
      { type: "connected" },
      { type: "lost" },
      { type: "asked" },
      { type: "interrupted" },
      { type: "tick" },
      { type: "people", count: 0 },
      { type: "people", count: 1 },
      { type: "end", reason: "model_done" },
    ),
    fc.record({
      type: fc.constant("heard" as const),
      text: fc.constantFrom("", "one ", "two "),
      isFinal: fc.boolean(),
    }),
    fc.record({
      type: fc.constant("audio" as const),
      turn: fc.integer({ min: 1, max: 6 }),
      samples: fc.integer({ min: 1, max: 40_000 }),
    }),
    fc.record({
      type: fc.constant("said" as const),
      turn: fc.integer({ min: 1, max: 6 }),
      text: fc.constantFrom("a b c ", "d "),
    }),
    fc.record({ type: fc.constant("turn_complete" as const), turn: fc.integer({ min: 1, max: 6 }) }),
    fc
      .tuple(fc.constantFrom("mic", "room"), fc.nat(100_000))
      .map(([track, startMs]) => ({ type: "voice" as const, track, startMs, endMs: startMs + 100 })),
  );
  const happening = fc.oneof(
    { weight: 6, arbitrary: input },
    {
      weight: 2,
      arbitrary: fc.integer({ min: 1, max: 30 }).map((steps) => ({ type: "plays" as const, ms: steps * 100 })),
    },
    { weight: 1, arbitrary: fc.constant({ type: "dies" as const }) },
  );

  test("[Y4] whatever happens: no utterance twice, nothing new before the flush, no more than was played, and an end", () => {
    const seed = inject("seed");
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 120 }), (happenings) => {
        const talk = new Talk();
        for (const each of happenings) {
          const before = talk.queued;
          const effects = happen(talk, each);
          const flushed = effects.findIndex(({ type }) => type === "flush");
          const cuts = each.type === "interrupted" && before > 0 && talk.state.ended === undefined;
          expect(cuts ? flushed : 0, "the flush comes first").toBe(0);
          expect(flushed >= 0 ? talk.queued : 0, "nothing is left behind it").toBe(0);
          // The machine and the player agree on what waits to be heard.
          const waiting = talk.state.turns.reduce((sum, { received, played }) => sum + received - played, 0);
          expect(talk.queued).toBe(waiting);
        }
        // All of them leave: a minute later it is over.
        talk.take({ type: "people", count: 0 });
        talk.play(turnTimes.aloneMs + turnTimes.closingMs);
        expect(phaseOf(talk.state)).toBe("ended");
        expect(talk.effects.filter(({ type }) => type === "hang_up")).toHaveLength(1);
        expect(talk.effects.at(-1)?.type).toBe("hang_up");
        const ids = talk.recorded.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const { startMs, endMs, at, text } of talk.recorded) {
          expect(endMs).toBeGreaterThanOrEqual(startMs);
          expect(text).not.toBe("");
          expect(at).toBeGreaterThan(0);
        }
        const mine = talk.recorded.filter(({ speaker }) => speaker === "AI");
        for (const [index, { startMs }] of mine.entries())
          expect(startMs).toBeGreaterThanOrEqual(mine[index - 1]?.endMs ?? 0);
      }),
      {
        seed,
        numRuns: 1_000,
        examples: [
          [
            [
              { type: "said", turn: 2, text: "a b c " },
              { type: "audio", turn: 1, samples: 1 },
              { type: "plays", ms: 100 },
              { type: "audio", turn: 2, samples: 1 },
              { type: "said", turn: 1, text: "a b c " },
            ],
          ],
        ],
      },
    );
  });
});

describe("what a model does not say", () => {
  const spoke: TurnInput = { type: "voice", track: "mic", startMs: 1_000, endMs: 1_100 };

  test("[Y3] a remote connection over which nothing comes is replaced, more and more patiently; one that gives signs of life is not", () => {
    const talk = new Talk();
    talk.take({ type: "people", count: 1 });
    talk.take({ type: "connected", isRemote: true });
    talk.take(spoke);
    const pauses = [];
    for (let seconds = 0; seconds < 110; seconds += 1) {
      talk.now += 1_000;
      const [effect] = talk.take({ type: "tick" });
      if (effect?.type !== "connect") continue;
      pauses.push(seconds + 1);
      talk.take({ type: "connected", isRemote: true });
    }
    expect(pauses).toEqual([15, 45, 105]);
    expect(talk.state.ended).toBeUndefined();
    const alive = new Talk();
    alive.take({ type: "connected", isRemote: true });
    alive.take(spoke);
    for (let seconds = 0; seconds < 40; seconds += 1) {
      alive.now += 1_000;
      expect(alive.take({ type: "alive" })).toEqual([]);
    }
    const own = new Talk();
    own.take(connected);
    own.take(spoke);
    own.now += 40_000;
    expect(own.take({ type: "tick" })).toEqual([]);
  });

  test("[Y1] words that come behind the answer are of the voice that was answered, and what is taken back is not there twice", () => {
    const talk = new Talk();
    talk.take(connected);
    talk.take({ type: "voice", track: "mic", startMs: 1_000, endMs: 2_000 });
    talk.now += 2_000;
    talk.take({ type: "audio", turn: 1, samples: 1_600 });
    talk.take({ type: "turn_complete", turn: 1 });
    talk.take({ type: "heard", text: "Late words. ", isFinal: false });
    talk.take({ type: "voice", track: "mic", startMs: 6_000, endMs: 6_100 });
    talk.take({ type: "heard", text: "Heard twice. ", isFinal: false });
    talk.take({ type: "retracted", chars: 13 });
    talk.take({ type: "heard", text: "Heard twice. ", isFinal: false });
    talk.take({ type: "end", reason: "asked" });
    expect(talk.recorded.map(({ text, startMs }) => [text, startMs])).toEqual([
      ["Late words.", 1_000],
      ["Heard twice.", 6_000],
    ]);
  });

  test("[Y1] what a person goes on to say while the model answers is an utterance of its own, once it is whole", () => {
    const talk = new Talk();
    talk.take(connected);
    talk.take({ type: "voice", track: "mic", startMs: 1_000, endMs: 2_000 });
    talk.take({ type: "heard", text: "Answered. ", isFinal: false });
    talk.now += 1_000;
    talk.take({ type: "voice", track: "mic", startMs: 2_800, endMs: 3_000 });
    talk.take({ type: "audio", turn: 1, samples: 1_600 });
    talk.now += 1_000;
    talk.take({ type: "voice", track: "mic", startMs: 3_000, endMs: 4_000 });
    talk.take({ type: "heard", text: "Meanwhile. ", isFinal: false });
    talk.take({ type: "turn_complete", turn: 1, since: 11 });
    expect(talk.recorded.map(({ text, startMs }) => [text, startMs])).toEqual([["Answered.", 1_000]]);
    // The connection breaks, and the next one is told all of it again.
    talk.take({ type: "retracted", chars: 11 });
    talk.take({ type: "heard", text: "Meanwhile. ", isFinal: false });
    talk.take({ type: "end", reason: "asked" });
    const last = talk.recorded.at(-1);
    expect([talk.recorded.length, last?.text]).toEqual([2, "Meanwhile."]);
    expect(Math.abs((last?.startMs ?? 0) - 2_800)).toBeLessThan(500);
  });

  test("[Y1] what was said to an object that died is not the place of what is said to the next", () => {
    const talk = new Talk();
    talk.take(connected);
    talk.take({ type: "voice", track: "mic", startMs: 1_000, endMs: 2_000 });
    talk.revive();
    talk.take(connected);
    talk.now += 5_000;
    talk.take({ type: "voice", track: "mic", startMs: 6_000, endMs: 7_000 });
    talk.take({ type: "heard", text: "Hello again. ", isFinal: false });
    talk.revive();
    expect(talk.recorded.map(({ text, startMs }) => [text, startMs])).toEqual([["Hello again.", 6_000]]);
  });

  test("[Y1] what was said to a connection over which nothing comes any more is placed where it was said, whatever is said before another one writes it down", () => {
    const talk = new Talk();
    talk.take({ type: "connected", isRemote: true });
    talk.now += 5_000;
    talk.take({ type: "voice", track: "mic", startMs: 4_000, endMs: 5_000 });
    talk.take({ type: "asked" });
    talk.now += turnTimes.lateWordsMs + 2_000;
    talk.take({ type: "voice", track: "mic", startMs: 16_000, endMs: 17_000 });
    talk.now += turnTimes.silentMs;
    expect(talk.take({ type: "tick" })).toEqual([{ type: "connect", afterMs: 0 }]);
    talk.take({ type: "connected", isRemote: true });
    talk.now += 500;
    const first = { from: startedAt + 4_000, until: startedAt + 5_000 };
    talk.take({ type: "heard", text: "First.", isFinal: true, spoken: first });
    const second = { from: startedAt + 16_000, until: startedAt + 17_000 };
    talk.take({ type: "heard", text: "Second.", isFinal: true, spoken: second });
    expect(talk.recorded.map(({ text, startMs }) => [text, startMs])).toEqual([
      ["First.", 4_000],
      ["Second.", 16_000],
    ]);
  });

  test("[Y1] a sound of which a model that is there wrote down nothing is not the place of later words, also where the model was quiet meanwhile", () => {
    for (const isAlive of [true, false]) {
      const talk = new Talk();
      talk.take({ type: "connected", isRemote: true });
      talk.now += 100;
      talk.take({ type: "voice", track: "mic", startMs: 0, endMs: 100 });
      talk.now += 1_000;
      talk.take({ type: "audio", turn: 1, samples: 1_600 });
      talk.take({ type: "turn_complete", turn: 1 });
      talk.play(500);
      talk.now += turnTimes.lateWordsMs;
      if (isAlive) talk.take({ type: "alive" });
      talk.take({ type: "voice", track: "mic", startMs: 30_000, endMs: 31_000 });
      talk.take({ type: "heard", text: "Words.", isFinal: false });
      talk.take({ type: "end", reason: "asked" });
      expect(talk.recorded.map(({ text, startMs }) => [text, startMs])).toEqual([["Words.", 30_000]]);
    }
  });
});
