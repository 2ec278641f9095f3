/** How long an answer may take, by a clock that the test moves: 25 s to its first word, 30 s between two, 120 s in all. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { UsageRecord } from "../../schemas/billing/usage.ts";
import type { Candidate } from "../../server/app/ai/ask-in-turn.ts";
import { Circuit } from "../../server/app/ai/circuits.ts";
import type { ChatFinish, ChatModel } from "../../server/app/ai/chat-port.ts";
import { ModelError } from "../../server/app/ai/ports.ts";
import type { AnswerEvent } from "../../server/app/chat/answer.ts";
import { answerMs, answerOf } from "../../server/app/chat/ask.ts";
import { ChatModels, chatTimes } from "../../server/app/ai/chat-models.ts";
import { Meter } from "../../server/app/ai/usage/meter.ts";
import { ok } from "../../schemas/lib/result.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

/** Models, which of them were asked, and what was written down of each call. */
class Metered {
  readonly begun: UsageRecord[] = [];
  readonly settled: UsageRecord[] = [];
  readonly asked: string[] = [];
  readonly meter = new Meter(
    {
      begin: async (record) => void this.begun.push(record),
      settle: async (record) => void this.settled.push(record),
      hold: async () => ok(false),
      used: async () => undefined,
    },
    () => undefined,
  );

  model(name: string, chat: ChatModel["chat"]): Candidate<ChatModel> {
    const asked: ChatModel["chat"] = (request, call) => {
      this.asked.push(name);
      return chat(request, call);
    };
    const circuit = new Circuit(Date.now, () => 0.5);
    return { model: { name, chat: asked }, name, kind: "chat", isOwn: false, isPriced: true, circuit };
  }
}

/** A model that says a word so often, for ever. */
function wordEvery(ms: number, signals: AbortSignal[], firstMs = ms) {
  return async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
    signals.push(signal);
    const words = async function* (): AsyncGenerator<string, ChatFinish> {
      for (let wait = firstMs; !signal.aborted; wait = ms) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        yield "word ";
      }
      return { reason: "stop", tokens: undefined };
    };
    return ok(words());
  };
}

/** An answer as it comes, and when. */
class Listening {
  readonly startedAt = Date.now();
  readonly events: AnswerEvent[] = [];
  end: unknown;
  endedAfterMs: number | undefined;
  readonly done: Promise<void>;

  constructor(metered: Metered, candidates: readonly ReturnType<Metered["model"]>[], mayQuote = false) {
    const call = { tenant: "t", traceId: "0".repeat(32), route: "POST /v1/chat", signal: new AbortController().signal };
    const asked = { question: "When is the launch?", before: [], meetings: undefined, documents: undefined };
    const chat = { models: new ChatModels(metered.meter), meter: metered.meter };
    this.done = this.#read(answerOf(asked, { chat, candidates, mayQuote }, call));
  }

  async #read(answer: ReturnType<typeof answerOf>): Promise<void> {
    try {
      for await (const event of answer) this.events.push(event);
      this.end = "done";
    } catch (cause) {
      this.end = cause instanceof ModelError ? cause.fault.reason : cause;
    }
    this.endedAfterMs = Date.now() - this.startedAt;
  }

  get text(): string {
    return this.events.map((event) => (event.type === "delta" ? event.text : "")).join("");
  }
}

test("[J7] a model has 25 s for its first word, and not a second more; its call is ended then and the next one asked", async () => {
  const metered = new Metered();
  const signals: AbortSignal[] = [];
  const silent = metered.model("openai/silent", wordEvery(1e9, signals));
  const late = metered.model("openai/late", wordEvery(5_000, signals, chatTimes.firstMs - 1));
  const heard = new Listening(metered, [silent, late]);
  await vi.advanceTimersByTimeAsync(24_999);
  expect([metered.asked, signals[0]?.aborted]).toEqual([["openai/silent"], false]);
  await vi.advanceTimersByTimeAsync(1);
  expect([metered.asked, signals[0]?.aborted]).toEqual([["openai/silent", "openai/late"], true]);
  await vi.advanceTimersByTimeAsync(24_998);
  expect(heard.text).toBe("");
  await vi.advanceTimersByTimeAsync(1);
  expect(heard.events[0]).toMatchObject({ type: "begin", model: "openai/late", instead_of: "openai/silent" });
  await vi.advanceTimersByTimeAsync(answerMs);
  await heard.done;
  await vi.advanceTimersByTimeAsync(1);
  expect(metered.settled.map(({ model, outcome }) => [model, outcome])).toEqual([
    ["openai/silent", "timeout"],
    ["openai/late", "aborted"],
  ]);
});

test("[J7] an answer has 120 s in all, however many words it has by then; it ends as too late, the provider's call with it, counted once", async () => {
  const metered = new Metered();
  const signals: AbortSignal[] = [];
  const heard = new Listening(metered, [metered.model("openai/slow", wordEvery(10_000, signals))]);
  await vi.advanceTimersByTimeAsync(119_999);
  expect([heard.text.trim().split(" ").length, heard.endedAfterMs]).toEqual([11, undefined]);
  await vi.advanceTimersByTimeAsync(1);
  await heard.done;
  expect([heard.end, heard.endedAfterMs, signals[0]?.aborted]).toEqual(["timeout", 120_000, true]);
  await vi.advanceTimersByTimeAsync(1);
  expect([metered.begun.length, metered.settled.length]).toEqual([1, 1]);
  expect(metered.settled[0]).toMatchObject({ is_estimated: true });
  await vi.advanceTimersByTimeAsync(600_000);
  expect(metered.settled).toHaveLength(1);
});

test("[J7] one that stalls in the middle is given up after 30 s, and no other model goes on with its words", async () => {
  const metered = new Metered();
  const signals: AbortSignal[] = [];
  const stalls = metered.model("openai/stalls", wordEvery(1e9, signals, 1_000));
  const heard = new Listening(metered, [stalls, metered.model("openai/other", wordEvery(1, []))], true);
  await vi.advanceTimersByTimeAsync(1_000 + chatTimes.silenceMs - 1);
  expect([heard.text, heard.endedAfterMs]).toEqual(["word ", undefined]);
  await vi.advanceTimersByTimeAsync(1);
  await heard.done;
  expect([heard.end, signals[0]?.aborted, metered.asked]).toEqual(["timeout", true, ["openai/stalls"]]);
});

test("[J7] models that are silent one after the other don't take more than 120 s together", async () => {
  const metered = new Metered();
  const silent = ["a", "b", "c", "d", "e", "f"].map((name) => metered.model(`openai/${name}`, wordEvery(1e9, [])));
  const heard = new Listening(metered, silent);
  await vi.advanceTimersByTimeAsync(answerMs);
  await heard.done;
  expect([heard.end, heard.endedAfterMs, metered.asked.length]).toEqual(["timeout", 120_000, 5]);
});
