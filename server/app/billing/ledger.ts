/**
 * The ledger of one tenant (SPEC B): entries, each once and never changed; what they sum up to; and their way to D1. Runs on
 * any `Database`, and knows no platform: whoever holds it sets its alarm to `nextRunAt`.
 */
import type { LedgerEntry, RecordOutcome, TopUp, UsageDimension } from "../../../schemas/billing/ledger.ts";
import { chargeOf } from "../../../schemas/billing/money.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { canonicalJson } from "../../shared/json/canonical-json.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { Log } from "../../shared/telemetry/log.ts";
import { Alerts, type DeliverAlert } from "./alerts.ts";
import { Budgets } from "./budgets.ts";
import { Flusher, type WriteBatch } from "./flusher.ts";
import { type FlushState, LedgerStore, type StoredEntry } from "./ledger-store.ts";
import { type ReadKept, StorageTally } from "./storage-tally.ts";
import { addUsage, type Days, usageBy, usageOfAll, type UsageRow, type UsageSums } from "./usage-sums.ts";

export const ledgerTimings = {
  /** Entries that D1 does not have yet are written to it this often. */
  flushEveryMs: 3_600_000,
  /** And at once where they come to more than this: five dollars. */
  flushAtNanoUsd: 5_000_000_000n,
  backoff: { firstMs: 2_000, maxMs: 600_000 },
} as const;

export interface LedgerDeps {
  readonly db: Database;
  readonly tenant: string;
  readonly write: WriteBatch;
  /** Tells how much of a budget is used. */
  readonly deliver: DeliverAlert;
  /** The tenant's meetings that have audio. */
  readonly kept: ReadKept;
  /** Whether what is kept lies on a machine of the deployment. */
  readonly isOwnStorage: boolean;
  readonly newId: () => string;
  readonly synced: () => Promise<void>;
  readonly random: () => number;
  readonly log: Log;
}

export interface Balance {
  readonly toppedUp: bigint;
  readonly charged: bigint;
  /** What D1 does not have yet. */
  readonly pending: bigint;
  readonly entries: number;
  readonly pendingEntries: number;
  /** Of the entries that D1 has, for comparing. */
  readonly flushed: { readonly entries: number; readonly charged: bigint; readonly toppedUp: bigint };
}

export class Ledger {
  readonly budgets: Budgets;
  readonly #deps: LedgerDeps;
  readonly #store: LedgerStore;
  readonly #alerts: Alerts;
  readonly #tally: StorageTally;
  readonly #flight: SingleFlight<Result<void, string>>;
  readonly #cooldown: Cooldown;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
    const { db, random } = deps;
    this.#store = new LedgerStore(db);
    this.#alerts = new Alerts(deps);
    this.budgets = new Budgets(db, this.#alerts);
    this.#tally = new StorageTally(deps, (entries) => entries.map((entry) => this.#recordOne(entry)));
    const flusher = new Flusher({ ...deps, store: this.#store });
    this.#flight = new SingleFlight(() => this.#run(flusher));
    this.#cooldown = new Cooldown({ ...ledgerTimings.backoff, now: db.now, random });
  }

  /** Records entries in one commit. @returns what became of each. */
  record(entries: readonly LedgerEntry[]): RecordOutcome[] {
    return this.#deps.db.transaction(() => entries.map((entry) => this.#recordOne(entry)));
  }

  /** Part of a transaction. */
  #recordOne(entry: LedgerEntry): RecordOutcome {
    const charge = chargeOf(entry.cost_nano_usd ?? 0, entry.multiplier);
    const outcome = this.#append(entry.event_id, entry.at, { charge, credit: 0 }, canonical(entry));
    if (outcome !== "recorded") return outcome;
    this.#store.add("charged", 1, BigInt(charge));
    addUsage(this.#deps.db, entry, charge);
    this.budgets.settle(entry);
    if (entry.feature === "ingest") this.#tally.begun();
    return outcome;
  }

  topUp({ event_id, amount_nano_usd, note }: TopUp): RecordOutcome {
    const { db } = this.#deps;
    return db.transaction(() => {
      const money = { charge: 0, credit: amount_nano_usd };
      const outcome = this.#append(event_id, db.now(), money, JSON.stringify({ top_up: amount_nano_usd, note }));
      if (outcome === "recorded") this.#store.add("topped_up", 1, BigInt(amount_nano_usd));
      return outcome;
    });
  }

  /** Entries after one number, at most so many. */
  entries(after: number, most: number): { readonly rows: StoredEntry[]; readonly flush: FlushState } {
    const { flush } = this.#store;
    return { rows: this.#store.entries(after, flush.last_seq, most), flush };
  }

  balance(): Balance {
    const [charged, toppedUp] = [this.#store.sum("charged"), this.#store.sum("topped_up")];
    const [flushed, flushedTopUps] = [this.#store.sum("flushed_charged"), this.#store.sum("flushed_topped_up")];
    const { last_seq: entries, flushed_seq } = this.#store.flush;
    return {
      toppedUp: toppedUp.nanoUsd,
      charged: charged.nanoUsd,
      pending: charged.nanoUsd - flushed.nanoUsd,
      entries,
      pendingEntries: entries - flushed_seq,
      flushed: { entries: flushed.entries, charged: flushed.nanoUsd, toppedUp: flushedTopUps.nanoUsd },
    };
  }

  usage(
    by: UsageDimension,
    days: Days,
    page: { readonly after: string | undefined; readonly limit: number },
  ): { readonly rows: UsageRow[]; readonly total: UsageSums } {
    const { db } = this.#deps;
    return { rows: usageBy(db, by, days, page), total: usageOfAll(db, days) };
  }

  /** When `run` is to be called, ms since 1970; undefined while nothing is pending. */
  get nextRunAt(): number | undefined {
    const due = [this.#flushAt, this.#alerts.dueAt, this.#tally.dueAt].filter((at) => at !== undefined);
    return due.length === 0 ? undefined : Math.min(...due);
  }

  get #flushAt(): number | undefined {
    const { due_at: dueAt } = this.#store.flush;
    if (dueAt === null) return undefined;
    const now = this.#deps.db.now();
    const isMuch = this.balance().pending >= ledgerTimings.flushAtNanoUsd;
    // Further off than it can have been set: the clock went backwards, and nobody waits until it is there again.
    const isPast = dueAt > now + ledgerTimings.flushEveryMs;
    const due = isMuch || isPast ? now : dueAt;
    return Math.max(due, this.#cooldown.until);
  }

  /** The alarm: takes what is pending to D1 if it is time, tells of budgets, tallies what is kept. Never rejects for D1's or a receiver's sake. */
  async run(): Promise<void> {
    const { db } = this.#deps;
    const isDue = (at: number | undefined): boolean => at !== undefined && at <= db.now();
    await Promise.all([
      isDue(this.#flushAt) ? this.#flight.run() : undefined,
      isDue(this.#alerts.dueAt) ? this.#alerts.run() : undefined,
      isDue(this.#tally.dueAt) ? this.#tally.run() : undefined,
    ]);
  }

  /** Takes what is pending to D1 now, whether or not it is time. @returns why not all of it is there, where D1 failed. */
  async flush(): Promise<Result<void, string>> {
    // What came while another run was under way is in a run of its own.
    await this.#flight.idle();
    return this.#flight.run();
  }

  async #run(flusher: Flusher): Promise<Result<void, string>> {
    const { db, log } = this.#deps;
    const begunAt = db.now();
    const done = await flusher.run();
    const duration_ms = db.now() - begunAt;
    log[done.ok ? "info" : "warn"]("ledger_flush", { status: done.ok ? "ok" : "failed", duration_ms });
    db.transaction(() => {
      const { flush } = this.#store;
      const isPending = flush.flushed_seq < flush.last_seq;
      const again = done.ok ? flush.due_at : db.now();
      this.#store.flush = { ...flush, due_at: isPending ? (again ?? db.now()) : null };
    });
    if (done.ok) this.#cooldown.succeeded();
    else log.warn("billing.not_flushed", { delay_ms: this.#cooldown.failed(), error: done.error });
    return done;
  }

  #append(
    event_id: string,
    at: number,
    { charge, credit }: { readonly charge: number; readonly credit: number },
    body: string,
  ): RecordOutcome {
    const before = this.#store.body(event_id);
    if (before !== undefined) return before === body ? "duplicate" : "conflicting";
    const { flush } = this.#store;
    const seq = flush.last_seq + 1;
    this.#store.append({ seq, event_id, at, charge, credit, body });
    const dueAt = flush.due_at ?? this.#deps.db.now() + ledgerTimings.flushEveryMs;
    this.#store.flush = { ...flush, last_seq: seq, due_at: dueAt };
    return "recorded";
  }
}

/** An entry in one spelling, without the id that it stands under. */
function canonical(entry: LedgerEntry): string {
  return canonicalJson({ ...entry, event_id: undefined });
}
