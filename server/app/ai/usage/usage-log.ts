/**
 * Records of calls until the ledger has them: one object a tenant, on disk, each record once by its id (SPEC M15, B4). Bounded:
 * beyond its size those that ended first go, and what they cost is summed up. That they go is in the log once an hour, not each time.
 */
import { DurableObject } from "cloudflare:workers";
import type { LedgerEntry } from "../../../../schemas/billing/ledger.ts";
import { type UsageRecord, usageRecordSchema } from "../../../../schemas/billing/usage.ts";
import { Cooldown } from "../../../shared/lib/cooldown.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { entryOfCall, entryOfDropped } from "../../billing/index.ts";
import type { Env } from "../../env.ts";

export const usageLimits = {
  maxRecords: 20_000,
  /** A call that has begun and of which nothing was heard for so long has ended with its app. */
  lostAfterMs: 900_000,
  maxPage: 500,
  /** Calls that were lost, settled at a time. */
  maxLost: 20,
  /** How long nothing more is said of records that go. */
  quietMs: 3_600_000,
  /** Records of so long a time go to the ledger together. */
  gatherMs: 5_000,
  /** Pages in one run of the alarm. */
  maxPagesPerRun: 10,
} as const;

export interface UsagePage {
  readonly records: readonly (UsageRecord & { readonly seq: number })[];
  /** Records that went before they were taken, and what is known of their cost. */
  readonly dropped: { readonly records: number; readonly cost_nano_usd: number };
}

type Row = { seq: number; body: string };
type DroppedRow = { records: number; cost: number };

const toldAtKey = "dropped_told_at";
/** Of the records that were dropped, those that entries for the ledger were made of; and the entry that it has not taken yet. */
const chargedKey = "dropped_charged";
const owedKey = "dropped_owed";
/** The last record of a page that the ledger may have, and was not taken yet: none of it may be summed up as well. */
const handedKey = "handed_through";

export class UsageLog extends DurableObject<Env> {
  readonly #cooldown = new Cooldown({ firstMs: 2_000, maxMs: 600_000, now: Date.now, random: Math.random });
  /** When the alarm is set to; undefined while it is not. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    // A call is open while its seq is null; settled ones are numbered in the order of their end.
    sql.exec(
      `CREATE TABLE IF NOT EXISTS calls (usage_id TEXT PRIMARY KEY, seq INTEGER UNIQUE, at INTEGER NOT NULL, body TEXT NOT NULL)`,
    );
    sql.exec(
      `CREATE TABLE IF NOT EXISTS counters (one INTEGER PRIMARY KEY CHECK (one = 1), last_seq INTEGER NOT NULL, records INTEGER NOT NULL, cost INTEGER NOT NULL)`,
    );
    sql.exec(`INSERT OR IGNORE INTO counters (one, last_seq, records, cost) VALUES (1, 0, 0, 0)`);
    void ctx.blockConcurrencyWhile(async () => {
      this.#alarmAt = (await ctx.storage.getAlarm()) ?? undefined;
    });
  }

  /** A call that is under way. One that is settled already stays so. */
  begin(record: unknown): void {
    const { usage_id: id, at, ...rest } = usageRecordSchema.parse(record);
    const body = JSON.stringify({ usage_id: id, at, ...rest });
    this.ctx.storage.transactionSync(() => {
      this.#settleLost(usageLimits.maxLost);
      this.ctx.storage.sql.exec(
        "INSERT OR IGNORE INTO calls (usage_id, seq, at, body) VALUES (?, NULL, ?, ?)",
        id,
        at,
        body,
      );
      this.#shrink();
    });
    this.#wakeBy(Date.now() + usageLimits.lostAfterMs);
  }

  /** How a call ended. The first word counts. */
  settle(record: unknown): void {
    const parsed = usageRecordSchema.parse(record);
    this.ctx.storage.transactionSync(() => {
      this.#settle(parsed);
      this.#shrink();
    });
    this.#wakeBy(Date.now() + usageLimits.gatherMs);
  }

  /** Hands what is settled to the ledger, which takes each record once, and forgets it then. */
  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    try {
      const isAll = await this.#hand();
      this.#cooldown.succeeded();
      if (!isAll) this.#wakeBy(Date.now());
      else if (this.#hasRows()) this.#wakeBy(Date.now() + usageLimits.lostAfterMs);
    } catch (cause) {
      const delay_ms = this.#cooldown.failed();
      log.warn("usage.not_taken", { tenant: this.ctx.id.name, delay_ms, error: describeError(cause) });
      this.#wakeBy(Date.now() + delay_ms);
    }
  }

  /** Settled records after `after`, oldest first; calls that were lost are settled by it. */
  read(after: number, limit: number = usageLimits.maxPage): UsagePage {
    const { sql } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => {
      this.#settleLost(usageLimits.maxRecords);
      this.#shrink();
      const rows = sql.exec<Row>(
        "SELECT seq, body FROM calls WHERE seq > ? ORDER BY seq LIMIT ?",
        after,
        Math.min(limit, usageLimits.maxPage),
      );
      const [dropped] = sql.exec<DroppedRow>("SELECT records, cost FROM counters").toArray();
      return {
        records: rows.toArray().map(({ seq, body }) => ({ ...usageRecordSchema.parse(JSON.parse(body)), seq })),
        dropped: { records: dropped?.records ?? 0, cost_nano_usd: dropped?.cost ?? 0 },
      };
    });
  }

  /** Forgets what was taken, up to this number. */
  taken(through: number): void {
    this.ctx.storage.sql.exec("DELETE FROM calls WHERE seq <= ?", through);
  }

  /** @returns whether nothing that is settled is left. */
  async #hand(): Promise<boolean> {
    const { kv } = this.ctx.storage;
    const ledger = this.env.BILLING_LEDGER.getByName(this.ctx.id.name ?? "");
    for (let pages = 0; pages < usageLimits.maxPagesPerRun; pages += 1) {
      const { records, dropped } = this.read(0);
      const owed = this.#owed(dropped);
      const entries = [...records.map(entryOfCall), ...(owed ? [owed] : [])];
      const last = records.at(-1);
      if (last) kv.put(handedKey, last.seq);
      if (entries.length > 0) await ledger.record(entries);
      kv.delete(owedKey);
      if (last) this.taken(last.seq);
      if (records.length < usageLimits.maxPage) return true;
    }
    return false;
  }

  /** One entry for all that was dropped and is in none: the same until the ledger has taken it. */
  #owed(dropped: UsagePage["dropped"]): LedgerEntry | undefined {
    const { kv } = this.ctx.storage;
    const owed = kv.get<LedgerEntry>(owedKey);
    if (owed) return owed;
    const charged = kv.get<UsagePage["dropped"]>(chargedKey) ?? { records: 0, cost_nano_usd: 0 };
    const more = dropped.records - charged.records;
    if (more <= 0) return undefined;
    const made = entryOfDropped(dropped.records, more, dropped.cost_nano_usd - charged.cost_nano_usd, Date.now());
    this.ctx.storage.transactionSync(() => {
      kv.put(owedKey, made);
      kv.put(chargedKey, dropped);
    });
    return made;
  }

  #hasRows(): boolean {
    return this.ctx.storage.sql.exec("SELECT 1 FROM calls LIMIT 1").toArray().length > 0;
  }

  #wakeBy(at: number): void {
    if (this.#alarmAt !== undefined && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    this.ctx.waitUntil(this.ctx.storage.setAlarm(at));
  }

  #settle(record: UsageRecord): void {
    const { sql } = this.ctx.storage;
    const settled = sql.exec("SELECT 1 FROM calls WHERE usage_id = ? AND seq IS NOT NULL", record.usage_id).toArray();
    if (settled.length > 0) return;
    sql.exec("UPDATE counters SET last_seq = last_seq + 1");
    sql.exec(
      "INSERT OR REPLACE INTO calls (usage_id, seq, at, body) VALUES (?, (SELECT last_seq FROM counters), ?, ?)",
      record.usage_id,
      record.at,
      JSON.stringify(record),
    );
  }

  /** A call that began so long ago ended with its app. */
  #settleLost(most: number): void {
    const rows = this.ctx.storage.sql.exec<Row>(
      "SELECT body FROM calls WHERE seq IS NULL AND at < ? LIMIT ?",
      Date.now() - usageLimits.lostAfterMs,
      most,
    );
    for (const { body } of rows.toArray()) this.#settle(usageRecordSchema.parse(JSON.parse(body)));
  }

  /** Numbers have no holes but at their beginning: what stands too far behind the last one is too much. */
  #shrink(): void {
    const { kv, sql } = this.ctx.storage;
    const rows = sql
      .exec<Row>(
        "SELECT seq, body FROM calls WHERE seq <= (SELECT last_seq FROM counters) - ? AND seq > ? ORDER BY seq",
        usageLimits.maxRecords,
        kv.get<number>(handedKey) ?? 0,
      )
      .toArray();
    for (const { seq, body } of rows) {
      const { cost_nano_usd: cost } = usageRecordSchema.parse(JSON.parse(body));
      sql.exec("DELETE FROM calls WHERE seq = ?", seq);
      sql.exec("UPDATE counters SET records = records + 1, cost = cost + ?", cost ?? 0);
    }
    if (rows.length > 0) this.#tellDropped();
  }

  #tellDropped(): void {
    const { kv, sql } = this.ctx.storage;
    const now = Date.now();
    if (now - (kv.get<number>(toldAtKey) ?? 0) < usageLimits.quietMs) return;
    kv.put(toldAtKey, now);
    const [dropped] = sql.exec<DroppedRow>("SELECT records, cost FROM counters").toArray();
    log.warn("usage.dropped", { tenant: this.ctx.id.name, records: dropped?.records, cost_nano_usd: dropped?.cost });
  }
}
