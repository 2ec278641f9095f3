/**
 * Random lives of the ledger's two sources: records of the app's calls, and a meeting's feed from the gateway's outbox. Objects are killed,
 * calls of the ledger get lost before or after it took them, batches come twice, late and beside each other. What the ledger has at the end
 * is what was used, once.
 */
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { expect, inject, test } from "vitest";
import type { UsageRecord } from "../../schemas/billing/usage.ts";
import type { FeedMessage } from "../../schemas/meeting-feed.ts";
import type { UsageLog } from "../../server/app/ai/usage/usage-log.ts";
import type { BillingLedgerDO } from "../../server/app/billing/index.ts";
import { evict } from "./support/evict.ts";
import { bindings } from "./support/bindings.ts";

const { BILLING_LEDGER, USAGE_LOG, APP } = bindings as unknown as {
  BILLING_LEDGER: DurableObjectNamespace<BillingLedgerDO>;
  USAGE_LOG: DurableObjectNamespace<UsageLog>;
  APP: { takeMeeting(batch: unknown): Promise<{ taken_through: number }> };
};
const seeds = [1, 2, 3, 4, inject("seed")];

function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A ledger that can't be reached, or whose answer is lost; by turns. */
function faulty(real: DurableObjectNamespace<BillingLedgerDO>, random: () => number) {
  return {
    getByName: (name: string) => ({
      record: async (entries: never) => {
        const mood = random();
        if (mood < 0.3) throw new Error("the ledger can't be reached");
        const outcomes = await real.getByName(name).record(entries);
        if (mood < 0.6) throw new Error("the answer was lost");
        return outcomes;
      },
    }),
  };
}

test.each(seeds)(
  "[B2][B4] seed %i: through kills, lost answers and batches out of order each call and each second counts once",
  async (seed) => {
    const random = randomOf(seed);
    const below = (most: number): number => Math.floor(random() * most);
    const tenant = `outboxes-${seed}-${crypto.randomUUID()}`;
    const log = USAGE_LOG.getByName(tenant);
    const ledger = BILLING_LEDGER.getByName(tenant);
    const calls: UsageRecord[] = [];
    const feed: FeedMessage[] = [];
    let takenThrough = 0;
    const used = { cost: 0, seconds: 0, resolves: 0 };

    const settle = async (record: UsageRecord): Promise<void> => {
      await log.begin({ ...record, outcome: "unknown" });
      await log.settle(record);
    };
    const sendFeed = async (from: number): Promise<void> => {
      const messages = feed.filter(({ id }) => id > from).slice(0, 1 + below(4));
      if (messages.length === 0) return;
      const answer = await APP.takeMeeting({ tenant, session_id: "weekly", messages });
      // The gateway hears of it, or does not and sends the same again.
      if (random() < 0.6) takenThrough = Math.max(takenThrough, answer.taken_through);
    };
    /** The log's alarm, with a ledger that fails by turns. */
    const handOver = async (isFaulty: boolean): Promise<void> => {
      if (isFaulty) {
        await runInDurableObject(log, async (instance: UsageLog) => {
          const own = instance as unknown as { env: { BILLING_LEDGER: unknown } };
          const { env } = own;
          own.env = { ...env, BILLING_LEDGER: faulty(BILLING_LEDGER, random) };
          await instance.alarm();
          own.env = env;
        });
      } else await runInDurableObject(log, (instance: UsageLog) => instance.alarm());
    };

    for (let step = 0; step < 45; step += 1) {
      const dice = below(9);
      if (dice < 2) {
        const record = callOf(tenant, step, below(1_000_000));
        calls.push(record);
        used.cost += record.cost_nano_usd ?? 0;
        await settle(record);
      } else if (dice === 2) {
        // Told twice, also after it was taken.
        const again = calls[below(calls.length)];
        if (again) await Promise.all([settle(again), settle(again)]);
      } else if (dice === 3) {
        const seconds = 1 + below(30);
        used.seconds += seconds;
        feed.push(messageOf(feed.length + 1, { seconds }));
      } else if (dice === 4) {
        used.resolves += 1;
        feed.push(messageOf(feed.length + 1, { calls: 1 }));
      } else if (dice === 5) {
        // Also from before, and two beside each other.
        await Promise.all([sendFeed(takenThrough), sendFeed(below(takenThrough + 1))]);
      } else if (dice === 6) await handOver(true);
      else if (dice === 7) {
        // One that does not run can't be killed.
        await Promise.all([log.read(0), ledger.balance()]);
        await evict(random() < 0.5 ? log : ledger);
      } else await Promise.all([handOver(false), handOver(true)]);
    }
    await handOver(false);
    await runDurableObjectAlarm(log);
    for (let at = takenThrough; at < feed.length; at = takenThrough) {
      const messages = feed.filter(({ id }) => id > at).slice(0, 20);
      ({ taken_through: takenThrough } = await APP.takeMeeting({ tenant, session_id: "weekly", messages }));
    }

    expect((await log.read(0)).records).toEqual([]);
    const day = Math.floor(Date.now() / 86_400_000);
    const page = { after: undefined, limit: 10 };
    const { rows, total } = await ledger.usage("feature", { from: day - 2, to: day + 1 }, page);
    const of = (feature: string) => rows.find(({ key }) => key === feature);
    expect(of("stt")?.entries ?? 0).toBe(calls.length);
    expect(Number(of("stt")?.cost ?? 0n)).toBe(used.cost);
    expect(of("ingest")?.quantities.audio_ms ?? 0).toBe(used.seconds * 1_000);
    expect(of("resolve")?.quantities.calls ?? 0).toBe(used.resolves);
    expect(total.entries).toBe(calls.length + feed.length);
  },
  120_000,
);

function callOf(tenant: string, n: number, cost: number): UsageRecord {
  return {
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
    cost_nano_usd: cost,
    is_estimated: false,
    price_date: "2026-11-28",
  };
}

function messageOf(id: number, what: { readonly seconds: number } | { readonly calls: number }): FeedMessage {
  const common = { id, at: new Date(Date.now()).toISOString() };
  if ("calls" in what) return { ...common, type: "resolve.called", calls: what.calls, total_calls: id };
  const { seconds } = what;
  return { ...common, type: "track.progressed", track: "mixed", seconds, kept_seconds: seconds, archived_seq: 0 };
}
