/** The ledger over `node:sqlite`: each entry once, exact sums, and a flush that forgets nothing. */
import { expect, test } from "vitest";
import { maxEntryNanoUsd } from "../../../schemas/billing/money.ts";
import { ledgerTimings } from "../../../server/app/billing/ledger.ts";
import { flushLimits } from "../../../server/app/billing/flusher.ts";
import { dayOf } from "../../../server/app/billing/usage-sums.ts";
import { entry, newWorld, startMs } from "./support.ts";

const today = { from: dayOf(startMs), to: dayOf(startMs) };
const page = { after: undefined, limit: 10 };

test("[B1] an entry counts once, another under its id is told, and the first one stands", () => {
  const { wake } = newWorld();
  const ledger = wake();
  expect(ledger.record([entry("a"), entry("a"), entry("b")])).toEqual(["recorded", "duplicate", "recorded"]);
  // The same in another spelling is the same.
  const spelled = entry("b", { quantities: { calls: 1, output_tokens: 500, input_tokens: 1_000 } });
  expect(wake().record([entry("a"), entry("a", { cost_nano_usd: 1 }), spelled])).toEqual([
    "duplicate",
    "conflicting",
    "duplicate",
  ]);
  expect(ledger.balance()).toMatchObject({ entries: 2, charged: 21_630_000n, toppedUp: 0n });
});

test("[B1] a top-up counts once, also where an entry has its id", () => {
  const { wake } = newWorld();
  const ledger = wake();
  const topUp = { event_id: "paid-1", amount_nano_usd: 5_000_000_000, note: null };
  expect([ledger.topUp(topUp), ledger.topUp(topUp)]).toEqual(["recorded", "duplicate"]);
  expect(ledger.topUp({ ...topUp, amount_nano_usd: 6 })).toBe("conflicting");
  expect(ledger.record([entry("paid-1")])).toEqual(["conflicting"]);
  expect(ledger.balance()).toMatchObject({ toppedUp: 5_000_000_000n, charged: 0n });
});

test("[B1] entries that fail in the middle of a commit leave nothing behind", () => {
  const { wake } = newWorld();
  const ledger = wake();
  const bad = entry("bad", { cost_nano_usd: 0.5 });
  expect(() => ledger.record([entry("good"), bad])).toThrow(RangeError);
  expect(ledger.balance()).toMatchObject({ entries: 0, charged: 0n });
  expect(ledger.record([entry("good")])).toEqual(["recorded"]);
});

test("[B3] sums stay exact where numbers no longer are", () => {
  const { wake } = newWorld();
  const ledger = wake();
  const great = { cost_nano_usd: maxEntryNanoUsd - 1, multiplier: "local" } as const;
  const many = Array.from({ length: 20 }, (_, n) => entry(`great-${n}`, great));
  ledger.record(many);
  ledger.record([entry("small", { cost_nano_usd: 1, multiplier: "local" })]);
  const exact = 20n * (BigInt(maxEntryNanoUsd) - 1n) + 1n;
  expect(exact).toBeGreaterThan(BigInt(Number.MAX_SAFE_INTEGER));
  expect(ledger.balance().charged).toBe(exact);
  const { total, rows } = ledger.usage("feature", today, page);
  expect([total.charge, total.cost, rows[0]?.charge]).toEqual([exact, exact, exact]);
});

test("[B2] what is estimated and what has no known price is counted apart", () => {
  const ledger = newWorld().wake();
  ledger.record([entry("a"), entry("b", { is_estimated: true }), entry("c", { cost_nano_usd: null })]);
  expect(ledger.usage("day", today, page).total).toMatchObject({ entries: 3, estimated: 1, unpriced: 1 });
  expect(ledger.balance().charged).toBe(21_630_000n);
});

test("[B5] usage by day, model, feature, user and session adds up, and pages go on after a key", () => {
  const ledger = newWorld().wake();
  ledger.record([
    entry("a"),
    entry("b", { feature: "stt", model: null, subject: null, session_id: null }),
    entry("c", { feature: "tts", at: startMs - 86_400_000 }),
  ]);
  const two = { from: today.from - 1, to: today.to };
  const keys = (by: "day" | "model" | "feature" | "user" | "session", days = two) =>
    ledger.usage(by, days, page).rows.map(({ key, entries }) => [key, entries]);
  expect(keys("day")).toEqual([
    ["2026-11-28", 1],
    ["2026-11-29", 2],
  ]);
  expect(keys("feature", today)).toEqual([
    ["chat", 1],
    ["stt", 1],
  ]);
  expect(keys("user")).toEqual([
    ["", 1],
    ["token:ada", 2],
  ]);
  expect(keys("model")).toHaveLength(2);
  expect(keys("session")).toHaveLength(2);
  const first = ledger.usage("feature", two, { after: undefined, limit: 1 });
  expect(first.rows.map(({ key }) => key)).toEqual(["chat"]);
  expect(ledger.usage("feature", two, { after: "chat", limit: 5 }).rows.map(({ key }) => key)).toEqual(["stt", "tts"]);
  expect(first.total).toMatchObject({ entries: 3, quantities: { input_tokens: 3_000, calls: 3 } });
});

test("[B6] entries wait for an hour, or until five dollars are pending", async () => {
  const { wake, clock, d1 } = newWorld();
  const ledger = wake();
  expect(ledger.nextRunAt).toBeUndefined();
  ledger.record([entry("a")]);
  expect(ledger.nextRunAt).toBe(startMs + ledgerTimings.flushEveryMs);
  await ledger.run();
  expect(d1.entries.size).toBe(0);
  clock.now += ledgerTimings.flushEveryMs;
  await ledger.run();
  expect([d1.entries.size, ledger.balance().pending, ledger.nextRunAt]).toEqual([1, 0n, undefined]);
  ledger.record([entry("much", { cost_nano_usd: 4_999_999_999, multiplier: "local" })]);
  expect(ledger.nextRunAt).toBe(clock.now + ledgerTimings.flushEveryMs);
  ledger.record([entry("more", { cost_nano_usd: 1, multiplier: "local" })]);
  expect(ledger.nextRunAt).toBe(clock.now);
  // A clock that went back makes nobody wait until it is there again.
  await ledger.flush();
  ledger.record([entry("later")]);
  clock.now -= 10 * ledgerTimings.flushEveryMs;
  expect(ledger.nextRunAt).toBe(clock.now);
  await ledger.run();
  expect(ledger.balance().pendingEntries).toBe(0);
});

test("[B6] a batch that D1 took in part, or whose answer was lost, comes again under its id, and nothing is pending too early", async () => {
  const { wake, clock, d1 } = newWorld();
  wake().record([entry("a"), entry("b"), entry("c")]);
  for (const mood of ["down", "half", "answer_lost"] as const) {
    d1.mood = () => mood;
    const ledger = wake();
    expect((await ledger.flush()).ok).toBe(false);
    expect(ledger.balance()).toMatchObject({ pendingEntries: 3, flushed: { entries: 0 } });
    expect(ledger.nextRunAt).toBeGreaterThan(clock.now);
  }
  d1.mood = () => "up";
  const ledger = wake();
  ledger.record([entry("d")]);
  expect((await ledger.flush()).ok).toBe(true);
  expect(new Set(d1.batches)).toEqual(new Set(["batch-1", "batch-2"]));
  expect(ledger.balance()).toMatchObject({ pendingEntries: 0, pending: 0n, flushed: { entries: 4 } });
  expect(d1.sum("charge")).toBe(ledger.balance().charged);
});

test("[B6] many entries go out in batches of a bounded size, a bounded number in one run", async () => {
  const { wake, d1, clock } = newWorld();
  const ledger = wake();
  const long = { meta: Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`m${n}`, "x".repeat(250)])) };
  for (let n = 0; n < 12_000; n += 1_000) {
    ledger.record(Array.from({ length: 1_000 }, (_, i) => entry(`e-${n + i}`, n === 0 ? long : {})));
  }
  const sizes: number[] = [];
  let runs = 0;
  while (ledger.balance().pendingEntries > 0) {
    const before = d1.batches.length;
    expect((await ledger.flush()).ok).toBe(true);
    sizes.push(d1.batches.length - before);
    runs += 1;
  }
  expect(runs).toBe(Math.ceil(d1.batches.length / flushLimits.maxBatchesPerRun));
  expect(Math.max(...sizes)).toBe(flushLimits.maxBatchesPerRun);
  // The first thousand are long: fewer of them fit.
  expect(d1.batches.length).toBeGreaterThan(12_000 / flushLimits.maxBatchEntries);
  expect([d1.entries.size, d1.sum("charge")]).toEqual([12_000, 12_000n * 10_815_000n]);
  expect(clock.now).toBe(startMs);
});
