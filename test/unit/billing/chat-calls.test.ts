/** What chat holds against budgets, what its calls settle to, and what is recorded of one that nobody saw the end of. */
import { expect, test } from "vitest";
import type { Budget } from "../../../schemas/billing/budgets.ts";
import { costOf } from "../../../schemas/billing/prices.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { usualOutputTokens, type Written } from "../../../server/app/ai/chat-models.ts";
import type { ModelFault } from "../../../server/app/ai/ports.ts";
import { callUntil, Metered, saying } from "./metered.ts";

const sonnet = "anthropic/claude-sonnet-4-5";
const none = { tokens_per_minute: null, audio_seconds_per_minute: null, nano_usd_per_day: null };
const bounded = (metered: Metered, more: Partial<Budget>) =>
  metered.ledger.budgets.set([{ feature: "chat", ...none, ...more }]);
/** 100 tokens, by the letters. */
const messages = [{ role: "user", content: "a".repeat(400) }] as const;
const counted = { reason: "stop", tokens: { input: 90, output: 7 } } as const;
const uncounted = { reason: "stop", tokens: undefined } as const;
const tokensHeld = ({ ledger }: Metered) => ledger.budgets.use()[0]?.tokens;

function begun(written: Result<Written, ModelFault>): Written["parts"] {
  if (!written.ok) throw new Error(`nobody answers: ${written.error.reason}`);
  return written.value.parts;
}

async function drained(parts: AsyncGenerator<string, unknown>): Promise<void> {
  for (let next = await parts.next(); !next.done;) next = await parts.next();
}

test("[B8] what an answer may have is held, and what it took counts as soon as it is over and once its entry is there", async () => {
  const metered = new Metered();
  bounded(metered, { tokens_per_minute: 1_000_000 });
  const model = metered.model(sonnet, async () => ok(saying(["Yes", "."], counted)));
  const parts = begun(await metered.chat().write([model], { messages, maxTokens: 2_000 }, callUntil()));
  expect(tokensHeld(metered)).toBe(2_100);
  await drained(parts);
  await metered.idle();
  expect(tokensHeld(metered)).toBe(97);
  await metered.handOver();
  expect(tokensHeld(metered)).toBe(97);
  expect(metered.settled).toMatchObject([
    { outcome: "ok", input_tokens: 90, output_tokens: 7, is_estimated: false, cost_nano_usd: 90 * 3_000 + 7 * 15_000 },
  ]);
});

test("[B8] a request that names no bound holds what answers usually have", async () => {
  const metered = new Metered();
  bounded(metered, { tokens_per_minute: 100 + usualOutputTokens });
  const model = metered.model(sonnet, async () => ok(saying(["Yes"], counted)));
  const chat = metered.chat();
  expect(await chat.write([model], { messages }, callUntil())).toMatchObject({ ok: true });
  expect(await chat.write([model], { messages }, callUntil())).toMatchObject({
    ok: false,
    error: { reason: "exhausted", detail: expect.stringMatching(/^The budget of chat has not enough tokens/) },
  });
  expect(metered.asked).toHaveLength(1);
});

test("[B8] dollars: an answer that could go beyond the day's is refused before a model is asked, and nothing is recorded", async () => {
  const metered = new Metered();
  // 100 tokens in and 1,000 out, with the surcharge.
  const most = Math.ceil(((100 * 3_000 + 1_000 * 15_000) * 103) / 100);
  bounded(metered, { nano_usd_per_day: most - 1 });
  const model = metered.model(sonnet, async () => ok(saying(["Yes"], counted)));
  expect(await metered.chat().write([model], { messages, maxTokens: 1_000 }, callUntil())).toMatchObject({ ok: false });
  expect([metered.asked, metered.begun]).toEqual([[], []]);
  bounded(metered, { nano_usd_per_day: most });
  expect(await metered.chat().write([model], { messages, maxTokens: 1_000 }, callUntil())).toMatchObject({ ok: true });
});

test("[B8] a model that fails holds nothing any more when the next one is asked", async () => {
  const metered = new Metered();
  bounded(metered, { tokens_per_minute: 1_300 });
  const failing = metered.model("openai/gpt-5-mini", async () => err({ reason: "failed" }));
  const slow = metered.model("openai/gpt-5", () => new Promise<never>(() => undefined));
  const model = metered.model(sonnet, async () => ok(saying(["Yes"], counted)));
  const chat = metered.chat({ firstMs: 1, silenceMs: 1_000 });
  const written = await chat.write([failing, slow, model], { messages, maxTokens: 1_000 }, callUntil());
  expect(written).toMatchObject({ ok: true, value: { model: sonnet } });
  await metered.idle();
  expect(metered.settled).toMatchObject([
    { outcome: "failed", input_tokens: 100, output_tokens: 0, cost_nano_usd: 0 },
    { outcome: "timeout", input_tokens: 100, output_tokens: 0, cost_nano_usd: 100 * 1_250 },
  ]);
});

test("[B2] a provider that does not count is reckoned by its letters, and the record says so", async () => {
  const metered = new Metered();
  const model = metered.model(sonnet, async () => ok(saying(["abcd".repeat(30)], uncounted)));
  const parts = begun(await metered.chat().write([model], { messages }, callUntil()));
  await drained(parts);
  await metered.idle();
  expect(metered.settled).toMatchObject([{ input_tokens: 100, output_tokens: 30, is_estimated: true, outcome: "ok" }]);
});

test("[B2] a client that goes away in the middle is one record of what was written so far, estimated", async () => {
  const metered = new Metered();
  const caller = new AbortController();
  const model = metered.model(sonnet, async () => ok(saying(["abcd", "abcd", "abcd"], counted)));
  const parts = begun(await metered.chat().write([model], { messages }, callUntil(caller.signal)));
  await parts.next();
  caller.abort();
  await expect(parts.next()).rejects.toThrow("aborted");
  await metered.handOver();
  await metered.handOver();
  expect(metered.settled).toMatchObject([
    { outcome: "aborted", input_tokens: 100, output_tokens: 1, is_estimated: true },
  ]);
  expect(metered.ledger.balance()).toMatchObject({ entries: 1, charged: BigInt((100 * 3_000 + 15_000) * 103) / 100n });
});

test("[B2] a call whose end nobody saw has a price from its beginning, estimated by what was usual, not by what it might have taken", async () => {
  const metered = new Metered();
  const model = metered.model(sonnet, async () => ok(saying(["a"], counted)));
  await metered.chat().write([model], { messages, maxTokens: 100_000 }, callUntil());
  await metered.idle();
  const cost = 100 * 3_000 + usualOutputTokens * 15_000;
  expect(metered.begun).toMatchObject([{ outcome: "unknown", cost_nano_usd: cost, is_estimated: true }]);
});

test("[B3] models that write have prices, also under the name of a version; of others nothing is known", () => {
  const took = { input_tokens: 1_000, output_tokens: 500 };
  expect(costOf(sonnet, took, false)).toEqual({ nanoUsd: 10_500_000, date: "2026-11-29", isEstimate: false });
  expect(costOf(`${sonnet}-20250929`, took, false).nanoUsd).toBe(10_500_000);
  expect(costOf("openai/gpt-4.1-mini-2025-04-14", took, false).nanoUsd).toBe(1_200_000);
  const llama = costOf("workers-ai/@cf/meta/llama-3.3-70b-instruct-fp8-fast", took, false);
  expect(llama.nanoUsd).toBe(293_000 + 1_126_500);
  expect(costOf(`${sonnet}-latest`, took, false).nanoUsd).toBeNull();
});
