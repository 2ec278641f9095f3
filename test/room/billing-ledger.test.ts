/** The ledger as an object over D1: its alarm, its sources, and what a kill leaves. */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { LedgerEntry } from "../../schemas/billing/ledger.ts";
import type { UsageRecord } from "../../schemas/billing/usage.ts";
import type { UsageLog } from "../../server/app/ai/usage/usage-log.ts";
import type { BillingLedgerDO } from "../../server/app/billing/index.ts";
import { evict } from "./support/evict.ts";
import { bindings } from "./support/bindings.ts";

const { BILLING_LEDGER, USAGE_LOG, DB } = bindings as unknown as {
  BILLING_LEDGER: DurableObjectNamespace<BillingLedgerDO>;
  USAGE_LOG: DurableObjectNamespace<UsageLog>;
  DB: D1Database;
};
const newTenant = (): string => `billed-${crypto.randomUUID()}`;

function entry(eventId: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    event_id: eventId,
    at: Date.now(),
    feature: "chat",
    model: null,
    subject: null,
    session_id: null,
    quantities: { calls: 1 },
    cost_nano_usd: 10_500_000,
    multiplier: "cloud",
    price_version: null,
    is_estimated: false,
    meta: {},
    ...more,
  };
}

const inD1 = async (tenant: string) => {
  const found = await DB.prepare(
    "SELECT event_id, seq, charge, credit FROM billing_entries WHERE tenant = ? ORDER BY seq",
  )
    .bind(tenant)
    .all<{ event_id: string; seq: number; charge: number; credit: number }>();
  return found.results;
};

test("[B6] an entry is in D1 after a flush, exact and once, and a kill before the flush loses nothing", async () => {
  const tenant = newTenant();
  const ledger = BILLING_LEDGER.getByName(tenant);
  expect(await ledger.record([entry("a"), entry("a"), entry("b")])).toEqual(["recorded", "duplicate", "recorded"]);
  await evict(ledger);
  expect(await ledger.topUp({ event_id: "paid", amount_nano_usd: 7, note: null })).toBe("recorded");
  expect((await ledger.flush()).ok).toBe(true);
  expect((await ledger.flush()).ok).toBe(true);
  expect(await inD1(tenant)).toEqual([
    { event_id: "a", seq: 1, charge: 10_815_000, credit: 0 },
    { event_id: "b", seq: 2, charge: 10_815_000, credit: 0 },
    { event_id: "paid", seq: 3, charge: 0, credit: 7 },
  ]);
  const { ledger: said, d1 } = await ledger.compare();
  expect(said).toMatchObject({ pendingEntries: 0, pending: 0n, flushed: { entries: 3, charged: 21_630_000n } });
  expect(d1).toEqual({ entries: 3, charge_dollars: 0, charge_nanos: 21_630_000, credit_dollars: 0, credit_nanos: 7 });
});

test("[B6] the alarm is set by the first entry, survives a kill, and comes at once for five dollars", async () => {
  const ledger = BILLING_LEDGER.getByName(newTenant());
  const alarm = () => runInDurableObject(ledger, (_, state) => state.storage.getAlarm());
  await ledger.record([entry("a")]);
  const hourly = await alarm();
  expect(hourly).toBeGreaterThan(Date.now());
  await evict(ledger);
  expect(await alarm()).toBe(hourly);
  await ledger.record([entry("much", { cost_nano_usd: 6_000_000_000 })]);
  // The platform may have run it by now.
  await runDurableObjectAlarm(ledger);
  expect(await ledger.balance()).toMatchObject({ pendingEntries: 0 });
});

test("[B6] an entry of which D1 has another under the id stays pending", async () => {
  const tenant = newTenant();
  const ledger = BILLING_LEDGER.getByName(tenant);
  await DB.prepare("INSERT INTO billing_entries VALUES (?, 'a', 1, 'other', 1, 5, 0, '{}')").bind(tenant).run();
  await ledger.record([entry("a")]);
  expect(await ledger.flush()).toMatchObject({ ok: false });
  expect(await ledger.balance()).toMatchObject({ pendingEntries: 1, flushed: { entries: 0 } });
});

test("[B4] records of calls go to the ledger, each once, also where the log's memory is killed in between", async () => {
  const tenant = newTenant();
  const log = USAGE_LOG.getByName(tenant);
  const record = (n: number): UsageRecord => ({
    usage_id: `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
    at: Date.now(),
    tenant,
    subject: "token:ada",
    session_id: "weekly",
    trace_id: "0".repeat(32),
    route: "POST /v1/stt",
    kind: "stt",
    model: "openai/whisper-1",
    outcome: "ok",
    latency_ms: 5,
    audio_ms: 1_000,
    cost_nano_usd: 100_000,
    is_estimated: false,
    price_date: "2026-11-28",
  });
  for (const n of [1, 2, 3]) await log.settle(record(n));
  await evict(log);
  await runDurableObjectAlarm(log);
  expect((await log.read(0)).records).toEqual([]);
  // A record whose taking was not heard of comes again.
  await log.settle(record(3));
  await log.settle(record(4));
  await runDurableObjectAlarm(log);
  const ledger = BILLING_LEDGER.getByName(tenant);
  expect(await ledger.balance()).toMatchObject({ entries: 4, charged: 412_000n });
});

test("[B4] a message of a meeting's feed that comes again counts once", async () => {
  const tenant = newTenant();
  // By the clock of the rooms, which tests move.
  const at = new Date(Date.now()).toISOString();
  const progressed = (id: number, seconds: number) =>
    ({ id, at, type: "track.progressed", track: "mixed", seconds, kept_seconds: seconds, archived_seq: 0 }) as const;
  const { APP } = bindings as unknown as { APP: { takeMeeting(batch: unknown): Promise<unknown> } };
  const batch = { tenant, session_id: "weekly", messages: [{ id: 1, at, type: "session.opened" }, progressed(2, 12)] };
  for (const messages of [batch.messages, batch.messages, [...batch.messages, progressed(3, 5)]]) {
    await APP.takeMeeting({ ...batch, messages });
  }
  const ledger = BILLING_LEDGER.getByName(tenant);
  const day = Math.floor(Date.now() / 86_400_000);
  const { total } = await ledger.usage("feature", { from: day - 1, to: day }, { after: undefined, limit: 10 });
  expect(total).toMatchObject({ entries: 2, quantities: { audio_ms: 17_000 } });
});

const keep = (of: string, id: string, seconds: number) =>
  DB.prepare(
    `INSERT INTO sessions (tenant, session_id, status, created_at, updated_at, tracks, kept_seconds, duration_ms, coverage, revision)
     VALUES (?, ?, 'open', 0, 0, 1, ?, 0, 1, 1)`,
  )
    .bind(of, id, seconds)
    .run();

test("[B13] what D1's list says is kept is tallied the next day by the alarm, each meeting once, and no other tenant's", async () => {
  const [tenant, other] = [newTenant(), newTenant()];
  await Promise.all([keep(tenant, "weekly", 10), keep(tenant, "empty", 0), keep(other, "theirs", 99)]);
  const ledger = BILLING_LEDGER.getByName(tenant);
  await ledger.record([entry("feed:weekly:1", { feature: "ingest", cost_nano_usd: 0 })]);
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 86_400_000 });
  try {
    const today = Math.floor(Date.now() / 86_400_000);
    for (let times = 0; times < 2; times += 1) await runInDurableObject(ledger, (object) => object.alarm());
    const page = { after: undefined, limit: 10 };
    const { rows } = await ledger.usage("session", { from: today, to: today }, page);
    expect(rows).toMatchObject([{ key: "weekly", entries: 1, quantities: { byte_days: 320_000 }, cost: 160n }]);
  } finally {
    vi.useRealTimers();
  }
});
