import { afterEach, describe, expect, test, vi } from "vitest";
import { openGoogleTalk } from "../../../server/app/participant/models/google/talk.ts";
import type { Talk, TalkEvent } from "../../../server/app/participant/models/live-model.ts";
import { machineClock } from "../../../server/app/participant/clock.ts";
import { RateChange } from "../../../server/app/participant/models/rate-change.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import {
  type LiveModelServer,
  type ServedLine,
  serveLiveModel,
  openWsModelSocket,
} from "../../support/live-model-server.ts";

const key = "not-a-real-key";
const servers: LiveModelServer[] = [];
const talks: Talk[] = [];
afterEach(async () => {
  for (const talk of talks.splice(0)) talk.close();
  for (const server of servers.splice(0)) await server.stop();
});

type Behave = (line: ServedLine, message: Record<string, unknown>, lineNumber: number) => void;

/** Greets, and does the rest as told. */
async function world(behave: Behave, connectTimeoutMs = 20_000) {
  const server = await serveLiveModel(behave);
  servers.push(server);
  const events: TalkEvent[] = [];
  let wake = Promise.withResolvers<void>();
  const service = {
    baseUrl: server.baseUrl,
    apiKey: key,
    model: "gemini-test",
    open: openWsModelSocket,
    clock: machineClock,
    connectTimeoutMs,
  };
  const setup = {
    instructions: "Ask about the weather.",
    voice: "Puck",
    language: "en-GB",
    greeting: undefined,
    script: undefined,
    handle: undefined,
  };
  const talk = openGoogleTalk(service, setup, (event) => {
    events.push(event);
    wake.resolve();
    wake = Promise.withResolvers();
  });
  talks.push(talk);
  const until = async (what: string, isThere: () => boolean): Promise<void> => {
    while (!isThere()) await withTimeout(wake.promise, 10_000, what);
  };
  return { server, talk, events, until };
}

const piece = (value: number): Uint8Array => new Uint8Array(640).fill(value);
const audioIn = ({ received }: ServedLine): number[] =>
  received.flatMap(({ realtimeInput }) => {
    const data = (realtimeInput as { audio?: { data: string } } | undefined)?.audio?.data;
    return data === undefined ? [] : [Buffer.from(data, "base64")[0] ?? -1];
  });
const sound = (ms: number, rate = 24_000) => ({
  inlineData: { mimeType: `audio/pcm;rate=${rate}`, data: Buffer.alloc((ms * rate * 2) / 1_000).toString("base64") },
});
const greet: Behave = (line, message) => {
  if ("setup" in message) line.send({ setupComplete: {} });
};
const says = (content: object): object => ({ serverContent: content });

const tone = (hz: number, rate: number, count: number): Int16Array =>
  Int16Array.from({ length: count }, (_, index) => Math.round(10_000 * Math.sin((2 * Math.PI * hz * index) / rate)));

describe("a talk with Gemini Live", () => {
  test("[Y6] the key is in a header alone, and the setup asks for both transcriptions and for resumption", async () => {
    const { server, talk } = await world(greet);
    expect(await talk.connect()).toEqual({ ok: true, value: "connected" });
    const [line] = server.lines;
    expect(line?.request.url).not.toContain(key);
    expect(line?.request.headers["x-goog-api-key"]).toBe(key);
    expect(line?.received[0]).toMatchObject({
      setup: {
        model: "models/gemini-test",
        inputAudioTranscription: {},
        outputAudioTranscription: {},
        sessionResumption: {},
      },
    });
  });

  test("[Y1] sound of several parts in one message comes at 16 kHz, with the words of both sides in any order", async () => {
    const { talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (!("realtimeInput" in message)) return;
      line.send(says({ outputTranscription: { text: "Good " } }));
      line.send(says({ modelTurn: { parts: [{ text: "thought" }, sound(200), sound(100)] } }));
      line.send(says({ inputTranscription: { text: "Hello" }, outputTranscription: { text: "day." }, unknown: 1 }));
      line.send(says({ generationComplete: true }));
      line.send(says({ turnComplete: true }));
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("the turn", () => events.some(({ type }) => type === "turn_complete"));
    const samples = events.flatMap((event) => (event.type === "audio" ? [event.samples.length] : []));
    expect(samples.reduce((sum, count) => sum + count, 0)).toBe(4_800);
    expect(events.filter(({ type }) => type !== "audio")).toEqual([
      { type: "said", turn: 1, text: "Good " },
      { type: "heard", text: "Hello", isFinal: false },
      { type: "said", turn: 1, text: "day." },
      { type: "turn_complete", turn: 1 },
    ]);
  });

  test("[Y2] an interruption ends the turn, and the completion behind it is not that of the next", async () => {
    const { talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (!("realtimeInput" in message)) return;
      line.send(says({ modelTurn: { parts: [sound(100, 16_000)] } }));
      line.send(says({ interrupted: true }));
      line.send(says({ turnComplete: true }));
      line.send(says({ modelTurn: { parts: [sound(100, 16_000)] } }));
      line.send(says({ turnComplete: true }));
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("the second turn", () => events.some(({ type }) => type === "turn_complete"));
    expect(events.map((event) => ("turn" in event ? `${event.type} ${event.turn}` : event.type))).toEqual([
      "audio 1",
      "interrupted",
      "audio 2",
      "turn_complete 2",
    ]);
  });

  test("[Y5] what was heard while it answered is sent again whole, and heard again instead of twice", async () => {
    const { server, talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      const heard = "realtimeInput" in message && number === 1 ? audioIn(line).at(-1) : undefined;
      if (heard === 1) line.send(says({ inputTranscription: { text: "one " } }));
      // The answer to it begins when the next word has begun.
      if (heard === 8) line.send(says({ modelTurn: { parts: [sound(100)] } }));
      if (heard !== 9 || audioIn(line).filter((value) => value === 9).length < 20) return;
      line.send(says({ inputTranscription: { text: "two " } }));
      line.send(says({ turnComplete: true }));
    });
    await talk.connect();
    talk.hear(piece(1));
    for (let n = 0; n < 20; n += 1) talk.hear(piece(0));
    talk.hear(piece(7));
    talk.hear(piece(8));
    await until("the answer", () => events.some(({ type }) => type === "audio"));
    for (let n = 0; n < 20; n += 1) talk.hear(piece(9));
    await until("its end", () => events.some(({ type }) => type === "turn_complete"));
    expect(await talk.connect()).toMatchObject({ ok: true });
    expect(events.filter(({ type }) => type !== "audio")).toEqual([
      { type: "heard", text: "one ", isFinal: false },
      { type: "heard", text: "two ", isFinal: false },
      { type: "turn_complete", turn: 1, since: 4 },
      { type: "retracted", chars: 4 },
    ]);
    talk.hear(piece(10));
    const [, second] = server.lines;
    await vi.waitFor(() => expect(second && [...new Set(audioIn(second))]).toEqual([7, 8, 9, 10]));
  });

  test("[Y5] a greeting is cut off by somebody whose words come later, or over the next connection", async () => {
    const { server, talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (number > 1) return;
      const heard = "realtimeInput" in message ? audioIn(line).at(-1) : undefined;
      if (heard === 2) {
        line.send(says({ modelTurn: { parts: [sound(100)] } }));
        line.send(says({ interrupted: true }));
      }
      if (heard !== 3) return;
      line.send(says({ inputTranscription: { text: "one two " } }));
      line.send(says({ modelTurn: { parts: [sound(100)] } }));
    });
    await talk.connect();
    talk.hear(piece(0));
    for (let n = 0; n < 20; n += 1) talk.hear(piece(1));
    for (let n = 0; n < 20; n += 1) talk.hear(piece(0));
    talk.hear(piece(2));
    await until("an interruption", () => events.some(({ type }) => type === "interrupted"));
    talk.hear(piece(3));
    await until("the words", () => events.some(({ type }) => type === "heard"));
    await talk.connect();
    expect(events.filter(({ type }) => type === "retracted")).toEqual([{ type: "retracted", chars: 8 }]);
    talk.hear(piece(4));
    const [, second] = server.lines;
    await vi.waitFor(() => expect(second && [...new Set(audioIn(second))]).toEqual([1, 0, 2, 3, 4]));
  });

  test("[Y5] words of sound that is not sent again stand, though the connection breaks", async () => {
    const { server, talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (number > 1 || audioIn(line).at(-1) !== 1) return;
      line.send(says({ modelTurn: { parts: [sound(100)] } }));
      line.send(says({ turnComplete: true }));
      line.send(says({ inputTranscription: { text: "late " } }));
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("the words", () => events.some(({ type }) => type === "heard"));
    talk.hear(piece(2));
    await talk.connect();
    expect(events.filter(({ type }) => type === "retracted")).toEqual([]);
    talk.hear(piece(3));
    const [, second] = server.lines;
    await vi.waitFor(() => expect(second && audioIn(second)).toEqual([2, 3]));
  });

  test("[Y5] goAway within a turn waits for its end; the next connection has the handle and what it does not hold", async () => {
    const { server, talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (number > 1) return;
      const heard = audioIn(line).at(-1);
      if (heard === 1) line.send({ sessionResumptionUpdate: { newHandle: "h1", resumable: true } });
      if (heard !== 3) return;
      line.send({ sessionResumptionUpdate: { newHandle: "h2", resumable: true, lastConsumedClientMessageIndex: "2" } });
      line.send({ sessionResumptionUpdate: { newHandle: "never", resumable: false } });
      line.send({ goAway: { timeLeft: "0.9s" } });
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("a handle", () => events.some(({ type }) => type === "handle"));
    talk.hear(piece(2));
    talk.hear(piece(3));
    await until("its end", () => events.some(({ type }) => type === "closed"));
    talk.hear(piece(4));
    expect(await talk.connect()).toMatchObject({ ok: true });
    talk.hear(piece(5));
    const [, next] = server.lines;
    const setup = next?.received[0] as { setup: { sessionResumption: object } };
    expect(setup.setup.sessionResumption).toEqual({ handle: "h2" });
    talk.close();
    await withTimeout(next?.closed ?? Promise.reject(new Error("no second line")), 10_000, "the close");
    expect(next && audioIn(next)).toEqual([3, 4, 5]);
    expect(next?.received.at(-1)).toEqual({ realtimeInput: { audioStreamEnd: true } });
    expect(events.filter(({ type }) => type === "closed")).toHaveLength(1);
  });

  test("[Y5] goAway with time left lets the turn be finished, and what was answered is not asked again", async () => {
    const { server, talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (number > 1 || !("realtimeInput" in message)) return;
      line.send(says({ modelTurn: { parts: [sound(100)] } }));
      line.send({ goAway: { timeLeft: "50s" } });
      line.send(says({ modelTurn: { parts: [sound(100)] } }));
      line.send(says({ turnComplete: true }));
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("its end", () => events.some(({ type }) => type === "closed"));
    expect(events.map(({ type }) => type).slice(-2)).toEqual(["turn_complete", "closed"]);
    await talk.connect();
    talk.hear(piece(2));
    talk.close();
    const [, next] = server.lines;
    await withTimeout(next?.closed ?? Promise.reject(new Error("no second line")), 10_000, "the close");
    expect(next && audioIn(next)).toEqual([2]);
  });

  test.each([1_008, 1_011])("[Y3] closed with %i it tells so once, and comes back", async (code) => {
    const { talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (number === 1 && "realtimeInput" in message) line.close(code);
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("its end", () => events.length > 0);
    expect(await talk.connect()).toMatchObject({ ok: true });
    expect(events).toEqual([{ type: "closed" }]);
  });

  test("[Y3] garbage costs nothing, and a line that is cut is replaced", async () => {
    const { talk, events, until } = await world((line, message, number) => {
      greet(line, message, number);
      if (number > 1 || !("realtimeInput" in message)) return;
      for (const garbage of [
        "{",
        "[]",
        "null",
        '{"serverContent":7}',
        '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"%%"}}]}}}',
      ])
        line.send(garbage);
      line.send(says({ outputTranscription: { text: "Still here." } }));
      line.drop();
    });
    await talk.connect();
    talk.hear(piece(1));
    await until("its end", () => events.some(({ type }) => type === "closed"));
    expect(await talk.connect()).toMatchObject({ ok: true });
    expect(events).not.toContainEqual(expect.objectContaining({ type: "audio" }));
  });

  test("[Y3] one that never greets is left after its time, with no socket open; one that hangs up at once is unavailable", async () => {
    const silent = await world(() => undefined, 200);
    expect(await silent.talk.connect()).toEqual({ ok: false, error: "timeout" });
    await withTimeout(silent.server.lines[0]?.closed ?? Promise.resolve(0), 10_000, "the close");
    expect(silent.server.open()).toBe(0);
    const rude = await world((line) => line.close(1_011));
    expect(await rude.talk.connect()).toEqual({ ok: false, error: "unavailable" });
    expect(rude.events).toEqual([]);
  });

  test("[Y1] a change of rate keeps length, pitch and level, whatever the blocks", () => {
    for (const [from, to] of [
      [24_000, 16_000],
      [16_000, 24_000],
    ] as const) {
      const input = tone(440, from, from / 2);
      const change = new RateChange(from, to);
      const parts = [];
      for (let at = 0; at < input.length; at += 977) parts.push(...change.push(input.subarray(at, at + 977)));
      parts.push(...change.flush());
      expect(parts).toHaveLength(to / 2);
      const expected = tone(440, to, to / 2);
      const worst = Math.max(
        ...parts.slice(200, -200).map((value, index) => Math.abs(value - (expected[index + 200] ?? 0))),
      );
      expect(worst).toBeLessThan(60);
    }
  });
});
