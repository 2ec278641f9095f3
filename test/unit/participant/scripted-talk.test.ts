/** The embedded interviewer, with a model that speaks at once and hears what it is told to. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TalkEvent } from "../../../server/app/participant/models/live-model.ts";
import { openScriptedTalk } from "../../../server/app/participant/models/embedded/scripted-talk.ts";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const script = ["What do you build?", "Who uses it?"];
const voice = new Uint8Array(Int16Array.from({ length: 1_600 }, (_, n) => 8_000 * Math.sin(n / 5)).buffer);
const silence = new Uint8Array(3_200);

const settle = async (): Promise<void> => void (await vi.advanceTimersByTimeAsync(1));

/** @param hears what the person is heard to say, answer by answer; undefined where the model fails. */
function world(hears: (string | undefined)[], handle?: string, canSpeak = (): boolean => true) {
  const events: TalkEvent[] = [];
  const voices = {
    speak: async function* (): AsyncGenerator<Int16Array> {
      if (!canSpeak()) throw new Error("nobody speaks");
      yield new Int16Array(16_000);
    },
    transcribe: async (): Promise<string> => {
      const text = hears.shift();
      if (text === undefined) throw new Error("nobody hears");
      return text;
    },
  };
  const setup = { instructions: "", voice: undefined, language: undefined, greeting: "Hi.", script, handle };
  const talk = openScriptedTalk(voices, setup, (event) => events.push(event));
  const answer = async (): Promise<void> => {
    for (let n = 0; n < 10; n += 1) talk.hear(voice);
    for (let n = 0; n < 14; n += 1) talk.hear(silence);
    await settle();
  };
  const said = (): string[] => events.flatMap((event) => (event.type === "said" ? [event.text] : []));
  const types = (): string[] => events.map(({ type }) => type);
  const lastTurn = (): number => events.findLast((event) => event.type === "said")?.turn ?? 0;
  const isHeard = (): void => talk.handleTurnOver?.(lastTurn(), 16_000, false);
  return { talk, events, answer, said, types, lastTurn, isHeard };
}

describe("questions", () => {
  test("[Y7] come one after the other, each once the person has answered, and then it thanks", async () => {
    const { talk, answer, said, types, isHeard } = world(["Systems.", "Everyone."]);
    await talk.connect();
    await settle();
    isHeard();
    await answer();
    isHeard();
    await answer();
    expect(said()).toEqual(["Hi. What do you build?", "Who uses it?", expect.stringMatching(/^Thank you/)]);
    expect(types().at(-1)).toBe("done");
    expect(types().filter((type) => type === "asked")).toHaveLength(2);
    talk.close();
  });

  test("[Y7] a noise is no answer", async () => {
    const { talk, answer, said, isHeard } = world(["", "Systems."]);
    await talk.connect();
    await settle();
    isHeard();
    await answer();
    expect(said()).toHaveLength(1);
    await answer();
    expect(said()).toHaveLength(2);
    talk.close();
  });

  test("[Y7] noise that does not end cuts a question off once; then it is asked, and words over the noise are an answer", async () => {
    // What is heard of the noise, then of an answer over it, and of the noise again.
    const { talk, said, types, lastTurn, isHeard } = world(["", "", "Systems.", ""]);
    const beeps = async (seconds: number): Promise<void> => {
      for (let n = 0; n < seconds * 2; n += 1) {
        talk.hear(voice);
        talk.hear(voice);
        for (let quiet = 0; quiet < 3; quiet += 1) talk.hear(silence);
        await settle();
      }
    };
    await talk.connect();
    await settle();
    await beeps(1);
    expect(types()).toContain("interrupted");
    talk.handleTurnOver?.(lastTurn(), 2_000, true);
    await beeps(8);
    expect(said()).toEqual(["Hi. What do you build?", "Hi. What do you build?"]);
    const interruptions = types().filter((type) => type === "interrupted").length;
    await beeps(3);
    isHeard();
    expect(types().filter((type) => type === "interrupted")).toHaveLength(interruptions);
    await beeps(24);
    expect(said()).toEqual(["Hi. What do you build?", "Hi. What do you build?", "Who uses it?"]);
    talk.close();
  });

  test("[Y7] noise over a question that was heard lets it wait for its answer, and be asked once more", async () => {
    const { talk, said, isHeard } = world(Array.from({ length: 20 }, () => ""));
    await talk.connect();
    await settle();
    isHeard();
    for (let second = 0; second < 32; second += 1) {
      for (let n = 0; n < 10; n += 1) talk.hear(n % 5 < 2 ? voice : silence);
      await vi.advanceTimersByTimeAsync(1_000);
    }
    expect(said()).toEqual(["Hi. What do you build?", "Hi. What do you build?"]);
    talk.close();
  });

  test("[Y7] a long answer is one, though somebody looks for words in it before it is over", async () => {
    const { talk, said, types, isHeard } = world(["It is about", "It is about systems."]);
    await talk.connect();
    await settle();
    isHeard();
    for (let n = 0; n < 120; n += 1) talk.hear(voice);
    await settle();
    for (let n = 0; n < 14; n += 1) talk.hear(silence);
    await settle();
    expect(said()).toHaveLength(2);
    expect(types().filter((type) => type === "heard")).toHaveLength(1);
    talk.close();
  });

  test.each([
    ["most of it was heard", 12_000, "Who uses it?"],
    ["hardly any of it was heard", 2_000, "Hi. What do you build?"],
  ])("[Y7] one that was cut off after %s", async (_, played, next) => {
    const { talk, answer, said, types, lastTurn } = world(["Wait."]);
    await talk.connect();
    await settle();
    for (let n = 0; n < 3; n += 1) talk.hear(voice);
    expect(types()).toContain("interrupted");
    talk.handleTurnOver?.(lastTurn(), played, true);
    await answer();
    expect(said()[1]).toBe(next);
    talk.close();
  });

  test("[Y7] one that nobody answers is asked once more, and then the next", async () => {
    const { talk, said, isHeard } = world([]);
    await talk.connect();
    await settle();
    for (let n = 0; n < 2; n += 1) {
      isHeard();
      await vi.advanceTimersByTimeAsync(21_000);
    }
    expect(said()).toEqual(["Hi. What do you build?", "Hi. What do you build?", "Who uses it?"]);
    talk.close();
  });

  test("[Y8] whoever goes on after another object asks what was not answered", async () => {
    const { talk, said, events } = world([], "1");
    await talk.connect();
    await settle();
    expect(said()).toEqual(["Who uses it?"]);
    expect(events).toContainEqual({ type: "handle", handle: "1" });
    talk.close();
  });

  test.each([
    ["speaks", () => false, []],
    ["hears", () => true, [undefined]],
  ])(
    "[Y3] a model that no longer %s ends the connection, and the question is asked over the next",
    async (_, can, hears) => {
      const { talk, answer, said, types, isHeard } = world([...hears], undefined, can);
      await talk.connect();
      await settle();
      if (can()) {
        isHeard();
        await answer();
      }
      expect(types()).toContain("closed");
      await talk.connect();
      await settle();
      expect(said()).toEqual(["Hi. What do you build?", "Hi. What do you build?"]);
      talk.close();
    },
  );
});
