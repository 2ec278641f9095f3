/** Budgets: what is held before a call, what its entry settles, what a kill leaves, and what a clock that jumps must not lift. */
import { expect, test } from "vitest";
import type { Budget, HoldRequest } from "../../../schemas/billing/budgets.ts";
import { holdLimits } from "../../../server/app/billing/budgets.ts";
import type { Ledger } from "../../../server/app/billing/ledger.ts";
import { entry, newWorld } from "./support.ts";
import { randomOf } from "./schedule.ts";

const none = { tokens_per_minute: null, audio_seconds_per_minute: null, nano_usd_per_day: null };
const budget = (more: Partial<Budget>): Budget => ({ feature: "chat", ...none, ...more });
const call = (id: string, more: Partial<HoldRequest> = {}): HoldRequest => ({
  id,
  feature: "chat",
  subject: "token:ada",
  tokens: 0,
  audio_ms: 0,
  charge: 0,
  ...more,
});
const reasonOf = (ledger: Ledger, asked: HoldRequest): string => {
  const held = ledger.budgets.hold(asked);
  return held.ok ? "held" : `${held.error.feature}: ${held.error.budget}`;
};
const tokens = (id: string, count: number): HoldRequest => call(id, { tokens: count });

test("[B8] without a budget nothing is held; another feature's does not bound", () => {
  const { wake } = newWorld();
  const ledger = wake();
  expect(reasonOf(ledger, tokens("a", 1e9))).toBe("held");
  ledger.budgets.set([budget({ feature: "tts", tokens_per_minute: 1 })]);
  expect(reasonOf(ledger, tokens("b", 1e9))).toBe("held");
  expect(ledger.budgets.use()).toMatchObject([{ tokens: 0 }]);
});

test("[B8] tokens over any minute: held ones count, their entry takes their place once, and a minute later they are free", () => {
  const { wake, clock } = newWorld();
  const ledger = wake();
  ledger.budgets.set([budget({ tokens_per_minute: 2_000 })]);
  expect(reasonOf(ledger, tokens("a", 1_000))).toBe("held");
  expect(reasonOf(ledger, tokens("a", 1_000))).toBe("held");
  expect(reasonOf(ledger, tokens("b", 1_001))).toBe("chat: tokens_per_minute");
  // It took 1,500 in the end.
  for (let times = 0; times < 2; times += 1) ledger.record([entry("a", { at: clock.now })]);
  expect(ledger.budgets.use()).toMatchObject([{ tokens: 1_500 }]);
  expect(reasonOf(ledger, tokens("b", 501))).toBe("chat: tokens_per_minute");
  expect(reasonOf(ledger, tokens("b", 500))).toBe("held");
  clock.now += holdLimits.windowMs + 1_000;
  expect(reasonOf(ledger, tokens("c", 2_000))).toBe("held");
});

test("[B8] seconds of audio are bounded for each user", () => {
  const { wake } = newWorld();
  const ledger = wake();
  ledger.budgets.set([budget({ feature: "stt", audio_seconds_per_minute: 10 })]);
  const heard = (id: string, subject: string | null, seconds: number) =>
    reasonOf(ledger, call(id, { feature: "stt", subject, audio_ms: seconds * 1_000 }));
  expect(heard("a", "token:ada", 10)).toBe("held");
  expect(heard("b", "token:ada", 1)).toBe("stt: audio_seconds_per_minute");
  expect(heard("c", "token:grace", 10)).toBe("held");
  expect(heard("d", null, 10)).toBe("held");
  expect(heard("e", null, 1)).toBe("stt: audio_seconds_per_minute");
});

test("[B8] dollars of a day: what is charged and what is held, of a feature and of all; what costs nothing goes on", () => {
  const { wake, clock } = newWorld();
  const ledger = wake();
  ledger.budgets.set([
    budget({ nano_usd_per_day: 30_000_000 }),
    budget({ feature: "all", nano_usd_per_day: 40_000_000 }),
  ]);
  const dear = (id: string, charge: number | null, feature = "chat") => reasonOf(ledger, call(id, { charge, feature }));
  ledger.record([entry("before", { at: clock.now })]);
  expect(dear("a", 19_185_000)).toBe("held");
  expect(ledger.budgets.use()).toMatchObject([{ held: 19_185_000n }, { charged: 10_815_000n, held: 19_185_000n }]);
  expect(dear("b", 1)).toBe("chat: nano_usd_per_day");
  expect(dear("b", null)).toBe("chat: nano_usd_per_day");
  expect(dear("b", 0)).toBe("held");
  expect(dear("c", 10_000_000, "stt")).toBe("held");
  expect(dear("d", 1, "stt")).toBe("all: nano_usd_per_day");
  clock.now += 86_400_000;
  expect(dear("e", 30_000_000)).toBe("held");
});

test("[B8] a hold survives a kill, and lapses where its call never becomes an entry", () => {
  const { wake, clock } = newWorld();
  wake().budgets.set([budget({ nano_usd_per_day: 10 })]);
  expect(reasonOf(wake(), call("a", { charge: 10 }))).toBe("held");
  expect(reasonOf(wake(), call("b", { charge: 1 }))).toBe("chat: nano_usd_per_day");
  clock.now += holdLimits.lapsesAfterMs + 1;
  expect(reasonOf(wake(), call("b", { charge: 1 }))).toBe("held");
});

test("[B8] a clock that is set back does not leave a hold for ever, nor lift what was charged today", () => {
  const { wake, clock } = newWorld();
  const ledger = wake();
  ledger.budgets.set([budget({ tokens_per_minute: 10 })]);
  clock.now += 7_200_000;
  expect(reasonOf(ledger, tokens("a", 10))).toBe("held");
  clock.now -= 7_200_000;
  expect(reasonOf(ledger, tokens("b", 10))).toBe("held");
  expect(reasonOf(ledger, tokens("c", 10))).toBe("chat: tokens_per_minute");
});

test("[B8] how many calls are under way is bounded", () => {
  const { wake } = newWorld();
  const ledger = wake();
  ledger.budgets.set([budget({ tokens_per_minute: 1_000_000 })]);
  for (let n = 0; n < holdLimits.maxHolds; n += 1) ledger.budgets.hold(call(`c${n}`));
  expect(reasonOf(ledger, call("more"))).toBe("chat: calls_under_way");
  ledger.record([entry("c0")]);
  expect(reasonOf(ledger, call("more"))).toBe("held");
}, 60_000);

test("[B8] in any order of calls, ends, kills and clocks, what is held and used never goes beyond a budget by what was known before", () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = randomOf(seed);
    const below = (most: number): number => Math.floor(random() * most);
    const world = newWorld(random);
    let ledger = world.wake();
    const limit = 5_000;
    ledger.budgets.set([budget({ tokens_per_minute: limit })]);
    /** Calls that were let through: when, and how many tokens. */
    const made = new Map<string, { at: number; count: number }>();
    for (let step = 0; step < 80; step += 1) {
      const dice = below(6);
      if (dice < 3) {
        const [id, count] = [`${seed}-${step}`, 1 + below(2_500)];
        if (ledger.budgets.hold(tokens(id, count)).ok) made.set(id, { at: world.clock.now, count });
      } else if (dice === 3) {
        const [id, one] = [...made][below(made.size)] ?? [];
        const quantities = { input_tokens: one?.count ?? 0 };
        if (id !== undefined && one) ledger.record([entry(id, { at: one.at, quantities })]);
      } else if (dice === 4) world.clock.now += below(20_000);
      else ledger = world.wake();
      const since = world.clock.now - holdLimits.windowMs + 1_000;
      const lately = [...made.values()].filter(({ at }) => at > since).reduce((sum, { count }) => sum + count, 0);
      expect(lately, `seed ${seed}, step ${step}`).toBeLessThanOrEqual(limit);
      expect(ledger.budgets.use()[0]?.tokens, `seed ${seed}, step ${step}`).toBeGreaterThanOrEqual(lately);
    }
  }
});
