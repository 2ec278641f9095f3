/**
 * Records of calls until the ledger has taken them: one object a tenant, on disk, each record once by its id. Bounded: beyond its
 * size the oldest go, and what they cost is summed up, so that nothing is lost without a word.
 */
import { DurableObject } from "cloudflare:workers";
import { type UsageRecord, usageRecordSchema } from "../../../../schemas/billing/usage.ts";
import { log } from "../../../shared/telemetry/log.ts";
import type { Env } from "../../env.ts";

export const usageLimits = {
  maxRecords: 20_000,
  /** A call that has begun and of which nothing was heard for so long has ended with its app. */
  lostAfterMs: 900_000,
  maxPage: 500,
} as const;

export interface UsagePage {
  readonly records: readonly (UsageRecord & { readonly seq: number })[];
  /** Records that went before they were taken, and what is known of their cost. */
  readonly dropped: { readonly records: number; readonly cost_nano_usd: number };
}

type Row = { seq: number; body: string };
type DroppedRow = { records: number; cost: number };

export class UsageLog extends DurableObject<Env> {
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
  }

  /** A call that is under way. One that is settled already stays so. */
  begin(record: unknown): void {
    const { usage_id: id, at, ...rest } = usageRecordSchema.parse(record);
    const body = JSON.stringify({ usage_id: id, at, ...rest });
    this.ctx.storage.sql.exec(
      "INSERT OR IGNORE INTO calls (usage_id, seq, at, body) VALUES (?, NULL, ?, ?)",
      id,
      at,
      body,
    );
  }

  /** How a call ended. The first word counts. */
  settle(record: unknown): void {
    const parsed = usageRecordSchema.parse(record);
    this.ctx.storage.transactionSync(() => {
      this.#settle(parsed);
      this.#shrink();
    });
  }

  /** Settled records after `after`, oldest first; calls that were lost are settled by it. */
  read(after: number, limit: number = usageLimits.maxPage): UsagePage {
    const { sql } = this.ctx.storage;
    return this.ctx.storage.transactionSync(() => {
      const lost = sql.exec<Row>(
        "SELECT body FROM calls WHERE seq IS NULL AND at < ?",
        Date.now() - usageLimits.lostAfterMs,
      );
      for (const { body } of lost.toArray()) this.#settle(usageRecordSchema.parse(JSON.parse(body)));
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

  #shrink(): void {
    const { sql } = this.ctx.storage;
    const [{ surplus } = { surplus: 0 }] = sql
      .exec<{ surplus: number }>("SELECT count(*) - ? AS surplus FROM calls", usageLimits.maxRecords)
      .toArray();
    if (surplus <= 0) return;
    const rows = sql.exec<Row>("SELECT usage_id, body FROM calls ORDER BY at LIMIT ?", surplus).toArray();
    for (const { body } of rows) {
      const { usage_id: id, cost_nano_usd: cost } = usageRecordSchema.parse(JSON.parse(body));
      sql.exec("DELETE FROM calls WHERE usage_id = ?", id);
      sql.exec("UPDATE counters SET records = records + 1, cost = cost + ?", cost ?? 0);
    }
    log.error("usage.dropped", { records: rows.length });
  }
}
