/** Chat while D1 or KV is away: a question is answered all the same, by what was known last, and nobody waits long. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { ChatAnswer } from "../../schemas/http/chat.ts";
import { modelNameOf } from "../../server/shared/config/speech.ts";
import { preferencesOf } from "../../server/app/ai/preferences.ts";
import { cachedAnswer, keepAnswer } from "../../server/app/http/chat/answer-cache.ts";

beforeEach(() => vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => vi.useRealTimers());

type Rows = () => Promise<{ results: readonly { kind: string; models: string }[] }>;
const d1 = (all: Rows): D1Database => {
  const statement = { bind: () => statement, all };
  return { prepare: () => statement } as unknown as D1Database;
};
const up = d1(async () => ({ results: [{ kind: "chat", models: "openai/gpt-5-mini embedded/extractive" }] }));
const down = d1(() => Promise.reject(new Error("D1_ERROR: Network connection lost.")));
const silent = d1(() => new Promise(() => undefined));
const chatOf = async (db: D1Database, tenant: string): Promise<string[] | undefined> => {
  const asked = preferencesOf(db, tenant);
  // What is down is asked again a few times.
  await vi.advanceTimersByTimeAsync(1_000);
  return (await asked).chat?.map(modelNameOf);
};

test("[M12] while D1 is down the tenant's choice that was read last holds, and else the deployment's models do", async () => {
  const chosen = ["openai/gpt-5-mini", "embedded/extractive"];
  expect(await chatOf(down, "never-read")).toBeUndefined();
  expect(await chatOf(up, "read")).toEqual(chosen);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await chatOf(down, "read")).toEqual(chosen);
  expect(await chatOf(up, "never-read")).toEqual(chosen);
});

test("[M12] a D1 that never answers is waited for two seconds", async () => {
  let isKnown = false;
  const asked = preferencesOf(silent, "waits").then((models) => {
    isKnown = true;
    return models;
  });
  await vi.advanceTimersByTimeAsync(1_999);
  expect(isKnown).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(await asked).toEqual({});
});

const kv = (get: () => Promise<unknown>): KVNamespace => ({ get }) as unknown as KVNamespace;

test("[J11] a KV that is down, silent, or has something else under the key is no answer and no failure", async () => {
  const key = { name: "tenant:t:chat:abc" };
  expect(
    await cachedAnswer(
      kv(() => Promise.reject(new Error("down"))),
      key,
    ),
  ).toBeUndefined();
  expect(
    await cachedAnswer(
      kv(async () => ({ answer: 7 })),
      key,
    ),
  ).toBeUndefined();
  const asked = cachedAnswer(
    kv(() => new Promise(() => undefined)),
    key,
  );
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await asked).toBeUndefined();
  const full = { put: () => Promise.reject(new Error("429 Too Many Requests")) } as unknown as KVNamespace;
  await expect(keepAnswer(full, key, {} as ChatAnswer)).resolves.toBeUndefined();
});
