/** What every talk with a model keeps, whoever the provider: Gemini Live and OpenAI's Realtime over real sockets, and the embedded interviewer. */
import { afterEach, describe, expect, test } from "vitest";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { type Clock, machineClock } from "../../../server/app/participant/clock.ts";
import { openScriptedTalk } from "../../../server/app/participant/models/embedded/scripted-talk.ts";
import { openGoogleTalk } from "../../../server/app/participant/models/google/talk.ts";
import type { Talk, TalkEvent, TalkSetup } from "../../../server/app/participant/models/live-model.ts";
import { openOpenAiTalk } from "../../../server/app/participant/models/openai/talk.ts";
import { samplesOf } from "../../../schemas/wire/samples.ts";
import { GeminiModel } from "../../support/live-models/gemini-model.ts";
import { OpenAiModel } from "../../support/live-models/openai-model.ts";
import { type LineFault, overWs, withFaults } from "../../support/live-models/served.ts";
import { Ear, soundOf, speech } from "../../support/live-models/spoken-words.ts";
import { openWsModelSocket } from "../../support/live-model-server.ts";

const key = "not-a-real-key";
const clock: Clock = machineClock;
const script = ["What do you build?", "Who uses it?"];

interface World {
  readonly talk: Talk;
  readonly events: TalkEvent[];
  /** Connections that the provider has open now. */
  readonly open: () => number;
  readonly reachedBy: readonly { readonly url: string; readonly key: unknown }[];
  readonly refused: readonly string[];
  until(what: string, isThere: () => boolean): Promise<void>;
}

type Make = (
  faults?: (n: number) => readonly LineFault[],
  connectTimeoutMs?: number,
  wordMs?: number,
) => Promise<World>;

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

function worldOf(openTalk: (emit: (event: TalkEvent) => void) => Talk): Pick<World, "talk" | "events" | "until"> {
  const events: TalkEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const talk = openTalk((event) => {
    events.push(event);
    // Whoever plays it has heard it at once.
    if (event.type === "turn_complete") queueMicrotask(() => talk.handleTurnOver?.(event.turn, 16_000, false));
    wake.resolve();
    wake = Promise.withResolvers();
  });
  stops.push(() => talk.close());
  const until = async (what: string, isThere: () => boolean): Promise<void> => {
    while (!isThere()) await withTimeout(wake.promise, 10_000, what);
  };
  return { talk, events, until };
}

const setup: TalkSetup = {
  instructions: "Ask.",
  voice: undefined,
  language: "en-GB",
  greeting: "Hi.",
  script,
  handle: undefined,
};
const none = (): readonly LineFault[] => [];

const providers: Readonly<Record<string, Make>> = {
  google: async (faults = none, connectTimeoutMs = 20_000, wordMs = 20) => {
    const model = new GeminiModel({ clock, isExact: true, rateHz: 24_000, wordMs });
    const { baseUrl, ...served } = await overWs(withFaults(model.serve, clock, faults));
    stops.push(() => served.stop());
    const service = { baseUrl, apiKey: key, model: "m", open: openWsModelSocket, connectTimeoutMs, clock };
    const world = worldOf((emit) => openGoogleTalk(service, setup, emit));
    return { ...world, open: () => served.count(), reachedBy: model.reachedBy, refused: [] };
  },
  openai: async (faults = none, connectTimeoutMs = 20_000, wordMs = 20) => {
    const model = new OpenAiModel({ clock, writesInMs: () => 20, wordMs });
    const { baseUrl, ...served } = await overWs(withFaults(model.serve, clock, faults));
    stops.push(() => served.stop());
    const service = {
      baseUrl: `${baseUrl}/v1`,
      apiKey: key,
      model: "m",
      open: openWsModelSocket,
      connectTimeoutMs,
      clock,
    };
    const world = worldOf((emit) => openOpenAiTalk(service, setup, emit));
    return { ...world, open: () => served.count(), reachedBy: model.reachedBy, refused: model.refused };
  },
  // Its wire is the inference service's HTTP, whose faults are its calls': it has no connection that others could break.
  embedded: async (faults = none) => {
    let calls = 0;
    const voices = {
      speak: async function* (text: string): AsyncGenerator<Int16Array> {
        calls += 1;
        if (faults(calls).length > 0) throw new Error("nobody speaks");
        yield speech(text.length, 16_000);
      },
      transcribe: async (pcm: Uint8Array): Promise<string> =>
        new Ear(16_000, 500)
          .push(samplesOf(pcm))
          .flatMap(({ type, word }) => (type === "word" ? [`w${word}`] : []))
          .join(" "),
    };
    return { ...worldOf((emit) => openScriptedTalk(voices, setup, emit)), open: () => 0, reachedBy: [], refused: [] };
  },
};

/** Says it in pieces of a tenth of a second, and then nothing for a while. */
function say(talk: Talk, words: readonly number[]): void {
  const sound = new Int16Array(words.length * 3_200 + 24_000);
  sound.set(soundOf(words));
  for (let at = 0; at < sound.length; at += 1_600) talk.hear(new Uint8Array(sound.buffer, at * 2, 3_200));
}
const heard = ({ events }: World): number[] => {
  let text = "";
  for (const event of events) {
    if (event.type === "heard") text += event.text;
    if (event.type === "retracted") text = text.slice(0, text.length - event.chars);
  }
  return [...text.matchAll(/w(\d+)/g)].map(([, word]) => Number(word));
};
const completed = ({ events }: World): number => events.filter(({ type }) => type === "turn_complete").length;
const closed = ({ events }: World): number => events.filter(({ type }) => type === "closed").length;

describe.each(Object.entries(providers))("a talk with %s", (name, make) => {
  test("[Y1] it begins by itself, hears each word once and in order, and answers in turns that count upwards", async () => {
    const world = await make();
    expect(await world.talk.connect()).toMatchObject({ ok: true });
    await world.until("the greeting", () => completed(world) === 1);
    say(world.talk, [1, 2, 3, 4]);
    await world.until("the words", () => heard(world).length === 4);
    await world.until("the answer", () => completed(world) === 2);
    expect(heard(world)).toEqual([1, 2, 3, 4]);
    const turns = world.events.flatMap((event) => (event.type === "audio" ? [event.turn] : []));
    expect(turns).toEqual(turns.toSorted((a, b) => a - b));
    expect(new Set(turns).size).toBe(2);
    expect(world.refused).toEqual([]);
  });

  test("[Y6] the key is in a header alone", async () => {
    const world = await make();
    await world.talk.connect();
    for (const { url, key: sent } of world.reachedBy) {
      expect(url).not.toContain(key);
      expect(sent).toContain(key);
    }
    expect(world.reachedBy).toHaveLength(name === "embedded" ? 0 : 1);
  });

  test("[Y3] broken off in its middle it says so once, and goes on over another connection; what came in between is heard", async () => {
    const world = await make((n) => (n === 1 ? [{ kind: "drops", afterMs: 150 }] : []));
    await world.talk.connect();
    await world.until("the end of the connection", () => closed(world) === 1);
    if (name !== "embedded") say(world.talk, [5, 6]);
    expect(await world.talk.connect()).toMatchObject({ ok: true });
    if (name === "embedded") {
      await world.until("the greeting", () => completed(world) === 1);
      say(world.talk, [5, 6]);
    }
    await world.until("the words", () => heard(world).length === 2);
    await world.until("an answer", () => completed(world) > 0);
    expect([closed(world), heard(world)]).toEqual([1, [5, 6]]);
  });

  test("closed in order it holds nothing open, and says nothing any more", async () => {
    const world = await make();
    await world.talk.connect();
    await world.until("the greeting", () => completed(world) === 1);
    world.talk.close();
    const before = world.events.length;
    say(world.talk, [7]);
    while (world.open() > 0) await new Promise((resolve) => setImmediate(resolve));
    expect(world.events).toHaveLength(before);
  });
});

describe.each(["google", "openai"])("a connection to %s", (name) => {
  const make = providers[name] ?? Promise.reject.bind(Promise);

  test("[Y3] that never greets is left in its time, with nothing open; one that is refused is unavailable", async () => {
    const silent = await make(() => [{ kind: "silent" }], 200);
    expect(await silent.talk.connect()).toEqual({ ok: false, error: "timeout" });
    while (silent.open() > 0) await new Promise((resolve) => setImmediate(resolve));
    const refused = await make(() => [{ kind: "refuses" }]);
    expect(await refused.talk.connect()).toEqual({ ok: false, error: "unavailable" });
    expect(refused.events).toEqual([]);
  });

  test("[Y3] that gives garbage and is slow is as good as another", async () => {
    const world = await make(() => [
      { kind: "garbage", everyMs: 20 },
      { kind: "delays", byMs: 60 },
    ]);
    await world.talk.connect();
    say(world.talk, [8, 9]);
    await world.until("the words", () => heard(world).length === 2);
    expect(heard(world)).toEqual([8, 9]);
  });

  test("[Y5] that is told to go away is replaced, and the next one knows what was said", async () => {
    const world = await make((n) => (n === 1 ? [{ kind: "goes_away", afterMs: 400, leftMs: 5_000 }] : []));
    await world.talk.connect();
    await world.until("the greeting", () => completed(world) === 1);
    say(world.talk, [10, 11]);
    await world.until("its end", () => closed(world) === 1);
    expect(await world.talk.connect()).toMatchObject({ ok: true });
    say(world.talk, [12]);
    await world.until("all words", () => heard(world).includes(12));
    expect(heard(world)).toEqual([10, 11, 12]);
    expect(world.refused).toEqual([]);
  });

  test("[Y2] somebody who speaks into its turn interrupts it", async () => {
    // Long enough for the slowest machine.
    const world = await make(none, 20_000, 3_000);
    await world.talk.connect();
    await world.until("the greeting", () => world.events.some(({ type }) => type === "audio"));
    say(world.talk, [13, 14]);
    await world.until("the interruption", () => world.events.some(({ type }) => type === "interrupted"));
    await world.until("the words", () => heard(world).length === 2);
    expect(world.refused).toEqual([]);
  });
});
