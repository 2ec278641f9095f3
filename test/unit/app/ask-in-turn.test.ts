/** Models asked one after the other: who is asked, until when, and what is recorded of it. */
import { expect, test, vi } from "vitest";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { openWavBytes, wavHead } from "../../../schemas/speech/wav-head.ts";
import type { Exhausted, ExpectedCall } from "../../../schemas/billing/budgets.ts";
import type { HeardSegment } from "../../../schemas/speech/transcription.ts";
import type { UsageRecord } from "../../../schemas/billing/usage.ts";
import { askInTurn, type Candidate } from "../../../server/app/ai/ask-in-turn.ts";
import { Circuit, failuresToOpen } from "../../../server/app/ai/circuits.ts";
import type {
  Audio,
  Call,
  Heard,
  ModelFault,
  SpokenAudio,
  Synthesizer,
  Transcriber,
} from "../../../server/app/ai/ports.ts";
import { SpeechModels } from "../../../server/app/ai/speech-models.ts";
import { Meter } from "../../../server/app/ai/usage/meter.ts";

const heard: Heard = { text: "Hello.", language: "en", durationMs: 1_000, segments: [] };
const audio: Audio = { bytes: new Uint8Array(4), type: "audio/wav", durationMs: 1_000 };
type Hearing = (call: Call) => Promise<Result<Heard, ModelFault>>;

function callUntil(signal: AbortSignal = new AbortController().signal, timeoutMs = 5_000): Call {
  return { tenant: "default", traceId: "0".repeat(32), route: "test", signal, timeoutMs };
}

class World {
  readonly settled: UsageRecord[] = [];
  readonly begun: UsageRecord[] = [];
  readonly asked: string[] = [];
  readonly work: Promise<unknown>[] = [];
  nowMs = 0;
  held: (call: ExpectedCall) => Result<boolean, Exhausted> = () => ok(false);
  readonly meter = new Meter(
    {
      begin: async (record) => void this.begun.push(record),
      settle: async (record) => void this.settled.push(record),
      hold: async (_, call) => this.held(call),
      used: async () => undefined,
    },
    (work) => void this.work.push(work),
  );

  candidate(name: string, transcribe: Hearing): Candidate<Transcriber> {
    const own = (call: Call): ReturnType<Hearing> => {
      this.asked.push(name);
      return transcribe(call);
    };
    const model: Transcriber = { name, transcribe: (_, __, call) => own(call) };
    const circuit = new Circuit(
      () => this.nowMs,
      () => 0.5,
    );
    return { model, name, kind: "stt", isOwn: false, isPriced: false, circuit };
  }

  async outcomes(): Promise<[string, string][]> {
    await Promise.all(this.work);
    const [begun, settled] = [this.begun, this.settled].map((all) => all.map(({ usage_id: id }) => id).join(" "));
    if (begun !== settled) throw new Error("a call is begun once and settled once");
    return this.settled.map(({ model, outcome }) => [model, outcome]);
  }
}

const failing =
  (fault: ModelFault): Hearing =>
  async () => ({ ok: false, error: fault });
const answering: Hearing = async () => ok(heard);
const silent: Hearing = () => new Promise(() => undefined);
const broken: Hearing = () => Promise.reject(new Error("connection refused, by 10.0.0.1 with sk-1"));
const transcribe = (world: World, candidates: Candidate<Transcriber>[], call: Call) =>
  new SpeechModels(world.meter).transcribe(candidates, audio, {}, call);

test.each<[string, Hearing, string]>([
  ["busy", failing({ reason: "unavailable", retryAfterSeconds: 3 }), "unavailable"],
  ["down", broken, "unavailable"],
  ["slow", failing({ reason: "timeout" }), "timeout"],
  ["wrong", failing({ reason: "failed" }), "failed"],
])("[M12] [M14] the next one is asked where one is %s, and both calls are recorded once", async (_, first, outcome) => {
  const world = new World();
  const answer = await transcribe(world, [world.candidate("a", first), world.candidate("b", answering)], callUntil());
  expect(answer).toMatchObject({ ok: true, value: { text: "Hello.", model: "b" } });
  expect(await world.outcomes()).toEqual([
    ["a", outcome],
    ["b", "ok"],
  ]);
});

test("[M12] a caller's own mistake is told at once, and nobody else is asked", async () => {
  const world = new World();
  const refused = failing({ reason: "refused", status: 415, detail: undefined });
  const answer = await transcribe(world, [world.candidate("a", refused), world.candidate("b", answering)], callUntil());
  expect(answer).toMatchObject({ ok: false, error: { reason: "refused", status: 415 } });
  expect(world.asked).toEqual(["a"]);
  expect(await world.outcomes()).toEqual([["a", "refused"]]);
});

test("[M14] one that is silent for ever is left at its deadline, its call aborted, and the next one asked", async () => {
  const world = new World();
  const signals: AbortSignal[] = [];
  const quiet: Hearing = (call) => {
    signals.push(call.signal);
    return silent(call);
  };
  const answer = await transcribe(
    world,
    [world.candidate("a", quiet), world.candidate("b", answering)],
    callUntil(undefined, 20),
  );
  expect(answer).toMatchObject({ ok: true, value: { model: "b" } });
  expect(signals[0]?.aborted).toBe(true);
  expect(await world.outcomes()).toEqual([
    ["a", "timeout"],
    ["b", "ok"],
  ]);
});

test("[M14] a transcription that no model ever answers is given up after five minutes, and its call is ended then", async () => {
  vi.useFakeTimers();
  try {
    const world = new World();
    const signals: AbortSignal[] = [];
    const quiet = world.candidate("a", (call) => {
      signals.push(call.signal);
      return silent(call);
    });
    const { timeoutMs: _, ...call } = callUntil();
    const answer = transcribe(world, [quiet], call);
    await vi.advanceTimersByTimeAsync(299_000);
    expect(signals.map(({ aborted }) => aborted)).toEqual([false]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await answer).toMatchObject({ ok: false, error: { reason: "timeout" } });
    expect(signals.map(({ aborted }) => aborted)).toEqual([true]);
  } finally {
    vi.useRealTimers();
  }
});

test("[M14] a caller who left is aborted, no failure of the model, and nobody else is asked", async () => {
  const world = new World();
  const caller = new AbortController();
  const first = world.candidate("a", (call) => {
    caller.abort();
    return silent(call);
  });
  for (let i = 0; i < failuresToOpen + 1; i += 1) {
    await transcribe(world, [first, world.candidate("b", answering)], callUntil(caller.signal));
  }
  expect(world.asked).toEqual(["a"]);
  expect(first.circuit.state).toBe("closed");
  expect((await world.outcomes()).every(([, outcome]) => outcome === "aborted")).toBe(true);
});

/** A model that heeds its signal, and has something else come first while it works. */
const interrupted = (way: AbortController): Hearing => {
  return async ({ signal }) => {
    way.abort();
    signal.throwIfAborted();
    return ok(heard);
  };
};

test("[Q9] what gives way ends a model of ours, and never one that is paid for: that one is not asked twice", async () => {
  const world = new World();
  const way = new AbortController();
  const down = { ...world.candidate("embedded", broken), isOwn: true };
  const paid = world.candidate("paid", interrupted(way));
  const call = { ...callUntil(), givesWay: way.signal };
  expect(await transcribe(world, [down, paid], call)).toMatchObject({ ok: true, value: { model: "paid" } });
  // What gave way before anybody was asked asks nobody.
  expect(await transcribe(world, [down, paid], call)).toMatchObject({ ok: false, error: { reason: "aborted" } });
  expect(world.asked).toEqual(["embedded", "paid"]);
  const later = new AbortController();
  const own = { ...world.candidate("own", interrupted(later)), isOwn: true };
  const given = await transcribe(world, [own, paid], { ...callUntil(), givesWay: later.signal });
  expect(given).toMatchObject({ ok: false, error: { reason: "aborted" } });
  expect(world.asked).toEqual(["embedded", "paid", "own"]);
  expect(own.circuit.state).toBe("closed");
});

test("[M14] a circuit opens after eight failures in a row, lets one call try, and closes with its success", async () => {
  const world = new World();
  let way: Hearing = failing({ reason: "failed" });
  const first = world.candidate("a", (call) => way(call));
  const both = [first, world.candidate("b", answering)];
  for (let i = 0; i < failuresToOpen; i += 1) await transcribe(world, both, callUntil());
  expect(first.circuit.state).toBe("open");
  await transcribe(world, both, callUntil());
  expect(world.asked.filter((name) => name === "a")).toHaveLength(failuresToOpen);
  const alone = await transcribe(world, [first], callUntil());
  expect(alone).toMatchObject({ ok: false, error: { reason: "unavailable" } });
  expect(first.circuit.retryAfterSeconds).toBeGreaterThan(0);

  world.nowMs += 60_000;
  expect(first.circuit.state).toBe("half_open");
  const tried = Promise.withResolvers<Result<Heard, ModelFault>>();
  way = () => tried.promise;
  const trial = transcribe(world, [first], callUntil());
  expect(await transcribe(world, both, callUntil())).toMatchObject({ value: { model: "b" } });
  tried.resolve(ok(heard));
  expect(await trial).toMatchObject({ value: { model: "a" } });
  expect(first.circuit.state).toBe("closed");
});

function speaker(world: World, name: string, body: () => ReadableStream<Uint8Array>): Candidate<Synthesizer> {
  const spoken = async (): Promise<Result<SpokenAudio, ModelFault>> => {
    world.asked.push(name);
    return ok({ contentType: "audio/wav", body: body() });
  };
  const abilities = { formats: ["wav"], maxCharacters: 99, hasSpeed: true, voices: [] } as const;
  const model: Synthesizer = { name, ...abilities, voiceNamed: (voice) => voice, speak: spoken };
  const circuit = new Circuit(
    () => 0,
    () => 0.5,
  );
  return { model, name, kind: "tts", isOwn: false, isPriced: false, circuit };
}

const bytes = Uint8Array.of(...wavHead(openWavBytes, { rateHz: 16_000, channels: 1 }), 1, 2, 3);
const breaking = (...before: Uint8Array[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    pull: (out) => {
      const part = before.shift();
      if (part) out.enqueue(part);
      else out.error(new Error("reset"));
    },
  });
const whole = (): ReadableStream<Uint8Array> => new Response(bytes).body ?? breaking();
const utterance = { text: "Hi", voice: undefined, format: "wav", speed: 1 } as const;

test("[M12] before its first byte another model is asked; after it the stream breaks off, once recorded", async () => {
  const world = new World();
  const models = new SpeechModels(world.meter);
  const early = [speaker(world, "a", () => breaking()), speaker(world, "b", whole)];
  const first = await models.speak(early, utterance, callUntil());
  expect(first.ok && [first.value.model, await new Response(first.value.body).bytes()]).toEqual(["b", bytes]);
  const late = [speaker(world, "c", () => breaking(bytes)), speaker(world, "d", whole)];
  const second = await models.speak(late, utterance, callUntil());
  expect(second).toMatchObject({ ok: true, value: { model: "c" } });
  const heardOf = second.ok ? new Response(second.value.body).bytes() : Promise.resolve(bytes);
  await expect(heardOf).rejects.toThrow("reset");
  expect(world.asked).toEqual(["a", "b", "c"]);
  expect(await world.outcomes()).toEqual([
    ["a", "unavailable"],
    ["b", "ok"],
    ["c", "failed"],
  ]);
});

test("[M14] speech that breaks off each time opens the circuit as one that never begins does, and one that ends closes it", async () => {
  const world = new World();
  let isWhole = false;
  const first = speaker(world, "a", () => (isWhole ? whole() : breaking(bytes)));
  const say = async (): Promise<void> => {
    const spoken = await new SpeechModels(world.meter).speak([first], utterance, callUntil());
    if (spoken.ok) await new Response(spoken.value.body).bytes().catch(() => undefined);
  };
  for (let n = 1; n < failuresToOpen; n += 1) await say();
  expect(first.circuit.state).toBe("closed");
  isWhole = true;
  await say();
  isWhole = false;
  for (let n = 0; n < failuresToOpen; n += 1) await say();
  expect(first.circuit.state).toBe("open");
});

test("[M14] a stream of words that breaks off each time opens the circuit, one that its caller leaves does not", async () => {
  const world = new World();
  let fails = false;
  async function* words(): AsyncGenerator<HeardSegment, Heard> {
    yield { start_ms: 0, end_ms: 1, text: "Hello." };
    if (fails) throw new Error("reset");
    return heard;
  }
  const first = world.candidate("a", answering);
  const listening = { ...first, model: { ...first.model, listen: async () => ok(words()) } };
  const listen = async (isLeft: boolean): Promise<void> => {
    const hearing = await new SpeechModels(world.meter).listen([listening], audio, {}, callUntil());
    if (!hearing.ok) return;
    await hearing.value.segments.next();
    if (isLeft) await hearing.value.segments.return(undefined as never);
    else await hearing.value.segments.next().catch(() => undefined);
  };
  for (let n = 0; n <= failuresToOpen; n += 1) await listen(true);
  expect(first.circuit.state).toBe("closed");
  fails = true;
  for (let n = 0; n < failuresToOpen; n += 1) await listen(false);
  expect(first.circuit.state).toBe("open");
});

test("[M14] who leaves in the middle of speech ends the model's stream, and is recorded as aborted", async () => {
  const world = new World();
  const ended = Promise.withResolvers<undefined>();
  const endless = (): ReadableStream<Uint8Array> =>
    new ReadableStream({ pull: (out) => out.enqueue(bytes), cancel: () => ended.resolve(undefined) });
  const caller = new AbortController();
  const models = new SpeechModels(world.meter);
  const spoken = await models.speak([speaker(world, "a", endless)], utterance, callUntil(caller.signal));
  caller.abort();
  await ended.promise;
  expect(spoken.ok).toBe(true);
  expect(await world.outcomes()).toEqual([["a", "aborted"]]);
});

test("[M14] where records can't be kept the call is answered all the same", async () => {
  const world = new World();
  const down = new Meter(
    {
      begin: () => Promise.reject(new Error("down")),
      settle: () => Promise.reject(new Error("down")),
      hold: () => Promise.reject(new Error("down")),
      used: () => Promise.reject(new Error("down")),
    },
    (work) => void world.work.push(work),
  );
  const how = { meter: down, expected: {}, patienceMs: 1_000 };
  const answer = await askInTurn([world.candidate("a", answering)], callUntil(), how, (model, call) =>
    model.transcribe(audio, {}, call),
  );
  expect(answer).toMatchObject({ ok: true, value: { value: heard } });
  if (answer.ok) answer.value.reading.settle("ok", {});
  await Promise.all(world.work);
});

test("[B8] nobody is asked where a budget has not enough left: no record, no fault of the model, no other model", async () => {
  const world = new World();
  const asked: ExpectedCall[] = [];
  world.held = (call) => {
    asked.push(call);
    return err({ feature: "stt", budget: "audio_seconds_per_minute", retryAfterSeconds: 7 });
  };
  const call = { ...callUntil(), subject: "token:ada" };
  for (let n = 0; n <= failuresToOpen; n += 1) {
    const said = await transcribe(world, [world.candidate("a", answering), world.candidate("b", answering)], call);
    expect(said).toMatchObject({ ok: false, error: { reason: "exhausted", retryAfterSeconds: 7 } });
  }
  expect(world.asked).toEqual([]);
  expect(await world.outcomes()).toEqual([]);
  expect(asked[0]).toMatchObject({
    kind: "stt",
    model: "a",
    subject: "token:ada",
    audio_ms: 1_000,
    cost_nano_usd: null,
  });
  world.held = () => ok(false);
  expect(await transcribe(world, [world.candidate("a", answering)], call)).toMatchObject({ ok: true });
});
