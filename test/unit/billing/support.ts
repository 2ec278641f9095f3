/** A ledger in memory, a D1 that can be down in every way, and entries to put in. */
import type { AlertDelivery, DeliverAlert } from "../../../server/app/billing/alerts.ts";
import type { LedgerEntry } from "../../../schemas/billing/ledger.ts";
import { type Batch, type WriteBatch } from "../../../server/app/billing/flusher.ts";
import { Ledger } from "../../../server/app/billing/ledger.ts";
import type { StoredEntry } from "../../../server/app/billing/ledger-store.ts";
import type { KeptMeeting } from "../../../server/app/billing/storage-tally.ts";
import { logFor } from "../../../server/shared/telemetry/log.ts";
import { type NodeSqlite, nodeSqlite } from "../../support/node-database.ts";

export const startMs = Date.UTC(2026, 10, 29, 12);

/** D1 by the two statements that the ledger runs: insert what is not there, count what is. */
export class FakeD1 {
  readonly entries = new Map<string, StoredEntry>();
  readonly batches: string[] = [];
  /** What happens to a call: it works, never arrives, arrives in part, or its answer is lost. */
  mood: () => "up" | "down" | "half" | "answer_lost" = () => "up";

  readonly write: WriteBatch = async ({ batchId, entries }: Batch) => {
    const mood = this.mood();
    if (mood === "down") throw new Error("D1_ERROR: Network connection lost.");
    this.batches.push(batchId);
    const arriving = mood === "half" ? entries.slice(0, Math.floor(entries.length / 2)) : entries;
    for (const one of arriving) if (!this.entries.has(one.event_id)) this.entries.set(one.event_id, one);
    if (mood === "answer_lost") throw new Error("D1_ERROR: the answer was lost.");
    return entries.filter(({ event_id, body }) => this.entries.get(event_id)?.body === body).length;
  };

  sum(of: "charge" | "credit"): bigint {
    return [...this.entries.values()].reduce((sum, one) => sum + BigInt(one[of]), 0n);
  }
}

/** The list of meetings as the ledger asks for it. */
export interface KeptList {
  meetings: readonly KeptMeeting[];
  isDown: boolean;
  isOwn: boolean;
}

export interface World {
  readonly kept: KeptList;
  readonly clock: { now: number };
  readonly sqlite: NodeSqlite;
  readonly d1: FakeD1;
  /** What was told of budgets: each try, in its order. */
  readonly told: AlertDelivery[];
  /** What the receiver does with a try. */
  readonly receiver: { take: DeliverAlert };
  /** A new object over the same storage, as after a kill. */
  readonly wake: (write?: WriteBatch) => Ledger;
}

export function newWorld(random: () => number = () => 0.5): World {
  const clock = { now: startMs };
  const sqlite = nodeSqlite(() => clock.now);
  const d1 = new FakeD1();
  const told: AlertDelivery[] = [];
  const receiver: World["receiver"] = { take: async () => ({ state: "delivered", dueAt: null }) };
  const kept: KeptList = { meetings: [], isDown: false, isOwn: false };
  let ids = 0;
  const wake = (write: WriteBatch = d1.write): Ledger =>
    new Ledger({
      db: sqlite.open(),
      tenant: "default",
      write,
      deliver: (delivery) => {
        told.push(delivery);
        return receiver.take(delivery);
      },
      kept: async (after, most) => {
        if (kept.isDown) throw new Error("D1_ERROR: Network connection lost.");
        return structuredClone(kept.meetings.filter(({ session_id }) => session_id > after).slice(0, most));
      },
      isOwnStorage: kept.isOwn,
      newId: () => `batch-${(ids += 1)}`,
      synced: () => Promise.resolve(),
      random,
      log: { ...logFor({}), warn: () => undefined },
    });
  return { kept, clock, sqlite, d1, told, receiver, wake };
}

export function entry(eventId: string, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    event_id: eventId,
    at: startMs,
    feature: "chat",
    model: "anthropic/claude-sonnet-4-5",
    subject: "token:ada",
    session_id: "weekly",
    quantities: { input_tokens: 1_000, output_tokens: 500, calls: 1 },
    cost_nano_usd: 10_500_000,
    multiplier: "cloud",
    price_version: "2026-11-28",
    is_estimated: false,
    meta: {},
    ...more,
  };
}
