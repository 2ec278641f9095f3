/**
 * A provider that stops reading and ends nothing: no FIN, no close frame, a socket that is open for good. Over real sockets, with a
 * conversation whose quarter of a minute is shorter.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";
import { type Clock, machineClock } from "../../../server/app/participant/clock.ts";
import { Conversation } from "../../../server/app/participant/conversation.ts";
import { openGoogleTalk } from "../../../server/app/participant/models/google/talk.ts";
import { openOpenAiTalk } from "../../../server/app/participant/models/openai/talk.ts";
import { beginTurns } from "../../../server/app/participant/turns/turn-state.ts";
import type { EndReason, SpokenUtterance } from "../../../server/app/participant/turns/turn-types.ts";
import { GeminiModel } from "../../support/live-models/gemini-model.ts";
import { OpenAiModel } from "../../support/live-models/openai-model.ts";
import { usualSetup } from "../../support/live-models/play-interview.ts";
import { overWs } from "../../support/live-models/served.ts";
import { soundOf } from "../../support/live-models/spoken-words.ts";
import { openWsModelSocket } from "../../support/live-model-server.ts";

const timesFaster = 20;
const startedAt = Date.now();
const clock: Clock = {
  now: () => startedAt + (Date.now() - startedAt) * timesFaster,
  after: (ms, what) => machineClock.after(ms / timesFaster, what),
};
const pieceMs = 100;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

/** A person who is always there, and speaks now and then. */
class Listener {
  readonly recorded: SpokenUtterance[] = [];
  ended: EndReason | undefined;
  readonly #conversation: Conversation;
  #speech: Int16Array = new Int16Array(0);
  #atMs = 0;

  constructor(openTalk: ConstructorParameters<typeof Conversation>[0]["openTalk"]) {
    let placeMs = 0;
    this.#conversation = new Conversation(
      {
        floor: {
          say: (samples) => {
            queueMicrotask(() => this.#conversation.played(placeMs, samples.length));
            placeMs += samples.length / 16;
          },
          flush: () => undefined,
        },
        openTalk,
        listen: undefined,
        onRecord: (utterance) => this.recorded.push(utterance),
        onState: () => undefined,
        onHandle: () => undefined,
        onEnd: (reason) => {
          this.ended = reason;
        },
        onAlone: () => undefined,
        clock,
        random: () => 0.5,
      },
      beginTurns(clock.now(), 24 * 3_600_000),
    );
    stops.push(() => this.#conversation.stop());
  }

  say(words: readonly number[]): void {
    this.#speech = soundOf(words);
  }

  /** Its microphone is on until then. */
  async until(what: string, isThere: () => boolean): Promise<void> {
    for (const deadline = Date.now() + 50_000; !isThere();) {
      if (Date.now() > deadline || this.ended !== undefined) throw new Error(`never: ${what} (${this.ended ?? ""})`);
      const samples = new Int16Array(16 * pieceMs);
      samples.set(this.#speech.subarray(0, samples.length));
      this.#speech = this.#speech.slice(samples.length);
      this.#conversation.hear({ track: "mic", samples, sampleRate: 16_000, atMs: this.#atMs, flush: false, lostMs: 0 });
      this.#atMs += pieceMs;
      await sleep(pieceMs / timesFaster);
    }
  }

  end(): void {
    this.#conversation.end("asked");
  }

  get words(): number[] {
    const said = this.recorded.filter(({ speaker }) => speaker === "USER");
    return said.flatMap(({ text }) => [...text.matchAll(/w(\d+)/g)].map(([, word]) => Number(word)));
  }
}

test.each(["google", "openai"] as const)(
  "[Y3] %s: a connection over which nothing comes any more, and that nobody ends, is left; what was said to it is heard over the next one",
  async (provider) => {
    const google = new GeminiModel({ clock: machineClock, isExact: true, rateHz: 16_000, wordMs: 20 });
    const openai = new OpenAiModel({ clock: machineClock, writesInMs: () => 20, wordMs: 20 });
    const model = provider === "google" ? google : openai;
    const served = await overWs(model.serve);
    stops.push(() => served.stop());
    const service = {
      baseUrl: served.baseUrl,
      apiKey: "not-a-real-key",
      model: "m",
      open: openWsModelSocket,
      connectTimeoutMs: 30_000,
      clock: machineClock,
    };
    const open = provider === "google" ? openGoogleTalk : openOpenAiTalk;
    const person = new Listener((emit) => open(service, { ...usualSetup, handle: undefined }, emit));
    await person.until("the greeting", () => person.recorded.length > 0);
    person.say([1, 2]);
    await person.until("the first words", () => person.words.includes(2) && person.recorded.length >= 3);
    served.freeze();
    person.say([3, 4]);
    await person.until("another connection", () => model.reachedBy.length >= 2);
    await person.until("the words that were said to the first one", () => person.words.includes(4));
    person.end();
    expect([person.words, person.ended]).toEqual([[1, 2, 3, 4], "asked"]);
    expect(openai.refused).toEqual([]);
  },
  120_000,
);
