/** Minutes of a conversation: held before they begin, counted when they are over, once, and never more than a budget has. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Budget } from "../../../schemas/billing/budgets.ts";
import { TalkMeter, minuteMs } from "../../../server/app/participant/talk-meter.ts";
import type { MeteredModel } from "../../../server/app/ai/usage/meter.ts";
import { readGoogleMessage, tokensOf } from "../../../server/app/participant/models/google/wire.ts";
import { callUntil, Metered } from "../billing/metered.ts";

const google: MeteredModel = {
  name: "google/gemini-3.1-flash-live-preview",
  kind: "live",
  isOwn: false,
  isPriced: true,
};
const own: MeteredModel = { name: "embedded/interviewer", kind: "live", isOwn: true, isPriced: false };
const none = { tokens_per_minute: null, audio_seconds_per_minute: null, nano_usd_per_day: null };

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

async function talk(model: MeteredModel, budget?: Partial<Budget>) {
  const metered = new Metered();
  vi.setSystemTime(metered.world.clock.now);
  if (budget) metered.ledger.budgets.set([{ feature: "live", ...none, ...budget }]);
  const ended: string[] = [];
  const deps = { meter: metered.meter, model, call: callUntil(), now: () => Date.now() };
  const minutes = await TalkMeter.begin(deps, () => ended.push("exhausted"));
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= minuteMs) {
      metered.world.clock.now += Math.min(left, minuteMs);
      await vi.advanceTimersByTimeAsync(Math.min(left, minuteMs));
      await metered.idle();
    }
  };
  return { metered, ended, minutes, pass };
}

async function begun(model: MeteredModel, budget?: Partial<Budget>) {
  const { minutes, ...rest } = await talk(model, budget);
  if (!minutes.ok) throw new Error("no minute is left");
  return { ...rest, minutes: minutes.value };
}

test("[B9] each minute is a call, the last one is as long as it was, and all together are what was talked", async () => {
  const { metered, minutes, pass } = await begun(own);
  await pass(2 * minuteMs);
  await pass(15_500);
  minutes.end();
  minutes.end();
  await pass(10 * minuteMs);
  await metered.handOver();
  const taken = metered.settled.map(({ audio_ms, outcome, kind, is_estimated, cost_nano_usd }) => [
    audio_ms,
    outcome,
    kind,
    is_estimated,
    cost_nano_usd,
  ]);
  expect(taken).toEqual([
    [60_000, "ok", "live", false, 0],
    [60_000, "ok", "live", false, 0],
    [15_500, "ok", "live", false, 0],
  ]);
  expect(metered.ledger.balance()).toMatchObject({ entries: 3, charged: 0n });
});

test("[B9] a budget of a minute's seconds lets one conversation go on, and no other begin beside it", async () => {
  const { metered, ended, minutes, pass } = await begun(own, { audio_seconds_per_minute: 60 });
  const deps = { meter: metered.meter, model: own, call: callUntil(), now: () => Date.now() };
  expect(await TalkMeter.begin(deps, () => undefined)).toMatchObject({
    ok: false,
    error: { feature: "live", budget: "audio_seconds_per_minute" },
  });
  await pass(5 * minuteMs + 1_000);
  expect([ended, metered.settled.length]).toEqual([[], 5]);
  minutes.end();
});

test("[B9] dollars of the day that are used up end the conversation at its minute, once, and nothing more is counted", async () => {
  // Three minutes in which nobody says anything, as far as they are held.
  const minute = Math.ceil(((1_500 * 3_000 + 1_500 * 12_000) * 103) / 100);
  const { metered, ended, pass, minutes } = await begun(google, { nano_usd_per_day: 2 * minute });
  const turn = { input: 1_500, output: 1_500, audioInput: 1_500, audioOutput: 1_500 };
  for (let n = 0; n < 4; n += 1) {
    minutes.note({ type: "usage", tokens: turn });
    await pass(minuteMs);
  }
  expect([ended, metered.settled.length]).toEqual([["exhausted"], 2]);
  minutes.end();
  await metered.handOver();
  expect(metered.ledger.balance()).toMatchObject({ entries: 2, charged: BigInt(2 * minute) });
  expect((await talk(google, { nano_usd_per_day: minute - 1 })).minutes).toMatchObject({ ok: false });
});

test("[B9] what the provider says of its turns is summed up by the minute, text and audio each at its price", async () => {
  const { metered, minutes, pass } = await begun(google);
  // As it came over the wire.
  const message = readGoogleMessage(
    JSON.stringify({
      usageMetadata: {
        promptTokenCount: 522,
        responseTokenCount: 42,
        totalTokenCount: 564,
        promptTokensDetails: [
          { modality: "TEXT", tokenCount: 332 },
          { modality: "AUDIO", tokenCount: 165 },
        ],
        responseTokensDetails: [{ modality: "AUDIO", tokenCount: 42 }],
        thoughtsTokenCount: 136,
      },
    }),
  );
  if (!message?.usageMetadata) throw new Error("it can't be read");
  const tokens = tokensOf(message.usageMetadata);
  expect(tokens).toEqual({ input: 522, output: 178, audioInput: 165, audioOutput: 42 });
  for (let turns = 0; turns < 2; turns += 1) minutes.note({ type: "usage", tokens });
  await pass(minuteMs);
  // It listens, and says nothing: that is on the bill of the next turn.
  await pass(minuteMs);
  minutes.end();
  await metered.idle();
  const cost = 2 * (357 * 750 + 165 * 3_000 + 136 * 4_500 + 42 * 12_000);
  expect(metered.settled).toMatchObject([
    { input_tokens: 1_044, output_tokens: 356, cost_nano_usd: cost, is_estimated: false },
    { input_tokens: 0, output_tokens: 0, cost_nano_usd: 0, is_estimated: false },
    { audio_ms: 0 },
  ]);
});

test("[B9] a provider that says nothing of tokens is reckoned by the seconds that were heard and spoken, and marked", async () => {
  const { metered, minutes, pass } = await begun(google);
  minutes.note({ type: "audio", turn: 1, samples: new Int16Array(16_000 * 4) });
  await pass(minuteMs);
  minutes.end();
  await metered.idle();
  expect(metered.settled[0]).toMatchObject({ input_tokens: 1_500, output_tokens: 100, is_estimated: true });
});

test("[B9] a conversation that is killed leaves a minute that was begun, with its price, estimated", async () => {
  const { metered } = await begun(google);
  await metered.idle();
  expect(metered.begun).toMatchObject([{ outcome: "unknown", kind: "live", audio_ms: 60_000, is_estimated: true }]);
  expect(metered.begun[0]?.cost_nano_usd).toBe(1_500 * 3_000 + 1_500 * 12_000);
});

test("[B9] wrong counts of the provider cost no word that is beside them", () => {
  const text = JSON.stringify({ usageMetadata: { promptTokenCount: -1 }, serverContent: { turnComplete: true } });
  expect(readGoogleMessage(text)).toMatchObject({ serverContent: { turnComplete: true }, usageMetadata: undefined });
});
