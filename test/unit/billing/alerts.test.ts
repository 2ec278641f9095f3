/** Alerts of budgets: each share once a day, in the commit that reached it, and told until somebody took it. */
import { expect, test } from "vitest";
import type { Budget } from "../../../schemas/billing/budgets.ts";
import { budgetReachedSchema } from "../../../schemas/webhooks.ts";
import { alertLimits } from "../../../server/app/billing/alerts.ts";
import { entry, newWorld, type World } from "./support.ts";
import { randomOf } from "./schedule.ts";

const none = { tokens_per_minute: null, audio_seconds_per_minute: null, nano_usd_per_day: null };
const budget = (more: Partial<Budget>): Budget => ({ feature: "chat", ...none, ...more });
const said = ({ told }: World) =>
  told.map(({ payload }) => {
    const { feature, limit, percent, used, day } = budgetReachedSchema.parse(JSON.parse(payload)).data;
    return `${day} ${feature} ${limit} ${percent} ${used}`;
  });
/** A dollar. */
const dollar = { cost_nano_usd: 1_000_000_000, multiplier: "local", quantities: {} } as const;

test("[B10] 50, 80 and 100 percent of a day's dollars are told once each, and anew the next day", async () => {
  const world = newWorld();
  const ledger = world.wake();
  ledger.budgets.set([budget({ nano_usd_per_day: 10_000_000_000 })]);
  for (let n = 1; n <= 11; n += 1) {
    ledger.record([entry(`a${n}`, { ...dollar, at: world.clock.now })]);
    await ledger.run();
  }
  const first = ["50 5", "80 8", "100 10"].map((rest) => `2026-11-29 chat usd_per_day ${rest}`);
  expect(said(world)).toEqual(first);
  world.clock.now += 86_400_000;
  ledger.record([entry("b", { ...dollar, at: world.clock.now, cost_nano_usd: 9_000_000_000 })]);
  await ledger.run();
  expect(said(world).slice(3)).toEqual(["50 9", "80 9"].map((rest) => `2026-11-30 chat usd_per_day ${rest}`));
});

test("[B10] another amount is another budget; `all` and a feature are told each", async () => {
  const world = newWorld();
  const ledger = world.wake();
  ledger.budgets.set([
    budget({ nano_usd_per_day: 2_000_000_000 }),
    budget({ feature: "all", nano_usd_per_day: 2_000_000_000 }),
  ]);
  ledger.record([entry("a", dollar)]);
  await ledger.run();
  ledger.budgets.set([budget({ nano_usd_per_day: 4_000_000_000 })]);
  ledger.record([entry("b", dollar)]);
  await ledger.run();
  expect(said(world)).toEqual([
    "2026-11-29 all usd_per_day 50 1",
    "2026-11-29 chat usd_per_day 50 1",
    "2026-11-29 chat usd_per_day 50 2",
  ]);
});

test("[B10] a minute's tokens and a user's seconds are told once a day, by what was used and not by what is held", async () => {
  const world = newWorld();
  const { clock } = world;
  const ledger = world.wake();
  ledger.budgets.set([budget({ tokens_per_minute: 1_000, audio_seconds_per_minute: 10 })]);
  ledger.budgets.hold({ id: "h", feature: "chat", subject: null, tokens: 900, audio_ms: 9_000, charge: 0 });
  const took = (id: string, tokens: number, audio_ms: number, subject = "token:ada") =>
    ledger.record([entry(id, { at: clock.now, subject, quantities: { input_tokens: tokens, audio_ms } })]);
  took("a", 400, 4_900);
  took("b", 0, 4_900, "token:grace");
  await ledger.run();
  expect(said(world)).toEqual([]);
  took("c", 100, 100);
  await ledger.run();
  clock.now += 120_000;
  took("d", 600, 6_000);
  await ledger.run();
  expect(said(world)).toEqual([
    "2026-11-29 chat tokens_per_minute 50 500",
    "2026-11-29 chat audio_seconds_per_minute 50 5",
  ]);
});

test("[B10] a call that is refused is told, though less than all is used", async () => {
  const world = newWorld();
  const ledger = world.wake();
  ledger.budgets.set([budget({ tokens_per_minute: 100 })]);
  const refused = { id: "h", feature: "chat", subject: null, tokens: 101, audio_ms: 0, charge: 0 };
  for (let n = 0; n < 3; n += 1) expect(ledger.budgets.hold(refused).ok).toBe(false);
  expect(ledger.nextRunAt).toBe(world.clock.now);
  await ledger.run();
  expect(said(world)).toEqual([50, 80, 100].map((percent) => `2026-11-29 chat tokens_per_minute ${percent} 0`));
});

test("[B10] what is not taken is told again under its id, through kills and a way out that is away, and given up where the receiver says so", async () => {
  const world = newWorld();
  const { clock, receiver, told } = world;
  let ledger = world.wake();
  ledger.budgets.set([budget({ nano_usd_per_day: 2_000_000_000 })]);
  ledger.record([entry("a", dollar)]);
  receiver.take = () => Promise.reject(new Error("the gateway is away"));
  await ledger.run();
  ledger = world.wake();
  expect(ledger.nextRunAt).toBe(clock.now + alertLimits.awayMs);
  clock.now += alertLimits.awayMs;
  receiver.take = async () => ({ state: "pending", dueAt: clock.now + 5_000 });
  await ledger.run();
  await ledger.run();
  clock.now += 5_000;
  receiver.take = async () => ({ state: "delivered", dueAt: null });
  await world.wake().run();
  await world.wake().run();
  expect(told.map(({ failures }) => failures)).toEqual([0, 0, 1]);
  expect(new Set(told.map(({ delivery_id }) => delivery_id)).size).toBe(1);
  ledger.record([entry("b", dollar)]);
  receiver.take = async () => ({ state: "dead", dueAt: null });
  await ledger.run();
  clock.now += 3_000_000;
  await ledger.run();
  expect(said(world)).toHaveLength(5);
});

test("[B10] in any order of calls, kills, outages and clocks each share of a day is taken once, and none is missing", async () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const random = randomOf(seed);
    const below = (most: number): number => Math.floor(random() * most);
    const world = newWorld(random);
    const { clock, receiver } = world;
    const taken: string[] = [];
    receiver.take = async ({ delivery_id, payload }) => {
      const dice = below(4);
      if (dice === 0) throw new Error("away");
      if (dice === 1) return { state: "pending", dueAt: clock.now + below(100_000) };
      taken.push(`${delivery_id} ${payload}`);
      // Taken, and the answer is lost.
      if (dice === 2) throw new Error("lost");
      return { state: "delivered", dueAt: null };
    };
    let ledger = world.wake();
    const most = 1_000 + below(5_000);
    ledger.budgets.set([budget({ nano_usd_per_day: most })]);
    const spent = new Map<number, number>();
    const reached = new Set<string>();
    for (let step = 0; step < 40; step += 1) {
      const dice = below(5);
      if (dice < 2) {
        const cost = below(2_000);
        ledger.record([entry(`${step}`, { at: clock.now, cost_nano_usd: cost, multiplier: "local", quantities: {} })]);
        const day = Math.floor(clock.now / 86_400_000);
        const sum = (spent.get(day) ?? 0) + cost;
        spent.set(day, sum);
        for (const percent of [50, 80, 100]) if (sum * 100 >= most * percent) reached.add(`${day} ${percent}`);
      } else if (dice === 2) clock.now += below(20_000_000);
      else if (dice === 3) ledger = world.wake();
      else await ledger.run();
    }
    for (let runs = 0; runs < 500 && ledger.nextRunAt !== undefined; runs += 1) {
      clock.now = Math.max(clock.now, ledger.nextRunAt);
      await ledger.run();
    }
    const ids = new Map(taken.map((one) => [one.slice(0, 20), one]));
    const told = [...ids.values()].map((one) => {
      const { data } = budgetReachedSchema.parse(JSON.parse(one.slice(one.indexOf("{"))));
      return `${Date.parse(data.day) / 86_400_000} ${data.percent}`;
    });
    expect(told.toSorted(), `seed ${seed}`).toEqual([...reached].toSorted());
  }
});
