/** What is known of calls to models until somebody takes it: once each, bounded, and without a flood of lines in the log. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { UsageRecord } from "../../schemas/billing/usage.ts";
import { type UsageLog, usageLimits } from "../../server/app/ai/usage/usage-log.ts";
import { BillingLedgerDO } from "../../server/app/index.ts";
import { bindings } from "./support/bindings.ts";
import { eventually } from "./support/waiting.ts";

const { USAGE_LOG } = bindings as unknown as { USAGE_LOG: DurableObjectNamespace<UsageLog> };
const startMs = Date.UTC(2026, 0, 1);
let names = 0;
const newLog = () => USAGE_LOG.getByName(`usage-tenant-${(names += 1)}`);

function recordOf(n: number, more: Partial<UsageRecord> = {}): UsageRecord {
  return {
    usage_id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    at: startMs + n,
    tenant: "default",
    subject: null,
    session_id: null,
    trace_id: "0".repeat(32),
    route: "POST /v1/stt",
    kind: "stt",
    model: "embedded/moonshine-tiny",
    outcome: "ok",
    latency_ms: 5,
    audio_ms: 1_000,
    cost_nano_usd: 3,
    is_estimated: false,
    price_date: null,
    ...more,
  };
}

beforeEach(() => vi.useFakeTimers({ toFake: ["Date"], now: startMs + 1_000 }));
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

test("[M15] a record is there once, whatever is told twice, until it is taken", async () => {
  const log = newLog();
  for (const n of [1, 2]) {
    await log.begin(recordOf(n, { outcome: "unknown" }));
    await log.settle(recordOf(n));
    await log.settle(recordOf(n, { outcome: "failed" }));
    await log.begin(recordOf(n, { outcome: "unknown" }));
  }
  const { records } = await log.read(0);
  expect(records.map(({ seq, outcome }) => [seq, outcome])).toEqual([
    [1, "ok"],
    [2, "ok"],
  ]);
  expect((await log.read(1)).records).toHaveLength(1);
  await log.taken(1);
  expect((await log.read(0)).records.map(({ seq }) => seq)).toEqual([2]);
});

test("[M15] a call whose app ended is unknown, also where nobody ever reads", async () => {
  const log = newLog();
  await log.begin(recordOf(1, { outcome: "unknown" }));
  vi.setSystemTime(startMs + 2 * usageLimits.lostAfterMs);
  await log.begin(recordOf(2, { at: Date.now(), outcome: "unknown" }));
  const open = await runInDurableObject(log, (_, { storage }) =>
    storage.sql.exec("SELECT usage_id FROM calls WHERE seq IS NULL").toArray(),
  );
  expect(open).toHaveLength(1);
  // What is said of it after that is too late.
  await log.settle(recordOf(1));
  expect((await log.read(0)).records.map(({ outcome }) => outcome)).toEqual(["unknown"]);
});

test("[M15] what is too much goes from the front, is summed up, and is logged once an hour", async () => {
  const log = newLog();
  const lines: string[] = [];
  for (const name of ["warn", "error", "log", "info"] as const) {
    vi.spyOn(console, name).mockImplementation((...parts: unknown[]) => void lines.push(JSON.stringify(parts)));
  }
  // As if that many had been settled.
  await log.settle(recordOf(1));
  await runInDurableObject(log, (_, { storage }) => {
    storage.sql.exec("UPDATE counters SET last_seq = ?", usageLimits.maxRecords);
  });
  for (let n = 2; n <= 6; n += 1) await log.settle(recordOf(n));
  const told = (): number => lines.filter((line) => line.includes("usage.dropped")).length;
  expect(told()).toBe(1);
  const { records, dropped } = await log.read(0);
  expect(records.map(({ seq }) => seq - usageLimits.maxRecords)).toEqual([1, 2, 3, 4, 5]);
  expect(dropped).toEqual({ records: 1, cost_nano_usd: 3 });
  await runInDurableObject(log, (_, { storage }) => {
    storage.sql.exec("UPDATE counters SET last_seq = last_seq + ?", usageLimits.maxRecords - 5);
  });
  for (let n = 7; n <= 11; n += 1) await log.settle(recordOf(n));
  expect(told()).toBe(1);
  expect((await log.read(0)).dropped.records).toBeGreaterThan(1);
  vi.setSystemTime(startMs + 2 * usageLimits.quietMs);
  await runInDurableObject(log, (_, { storage }) => {
    storage.sql.exec("UPDATE counters SET last_seq = last_seq + ?", usageLimits.maxRecords);
  });
  await log.settle(recordOf(12));
  expect(told()).toBe(2);
});

test("[M15][B4] what the ledger is being given is not summed up as well, through a kill and an outage", async () => {
  const tenant = `handed-${crypto.randomUUID()}`;
  const log = USAGE_LOG.getByName(tenant);
  const settle = (n: number): Promise<void> => log.settle(recordOf(n, { tenant }));
  await settle(1);
  await runInDurableObject(log, (_, { storage }) => {
    storage.sql.exec("UPDATE counters SET last_seq = ?", usageLimits.maxRecords);
  });
  const at = { isAsked: false, isLetGo: false };
  const ledger = vi.spyOn(BillingLedgerDO.prototype, "record").mockImplementationOnce(async () => {
    at.isAsked = true;
    await eventually("the test lets go", () => at.isLetGo);
    throw new Error("its answer is lost");
  });
  const handed = runDurableObjectAlarm(log);
  await eventually("the ledger is asked", () => at.isAsked);
  await settle(2);
  at.isLetGo = true;
  await handed;
  await settle(3);
  expect((await log.read(0)).dropped.records).toBe(0);
  ledger.mockResolvedValueOnce([]);
  await runDurableObjectAlarm(log);
  expect(ledger.mock.calls.at(-1)?.[0]).toHaveLength(3);
  expect(await log.read(0)).toEqual({ records: [], dropped: { records: 0, cost_nano_usd: 0 } });
});
