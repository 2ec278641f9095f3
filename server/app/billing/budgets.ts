/**
 * Budgets of a tenant (SPEC B8). A call is held with the most that it is expected to take, in the ledger, before a provider is asked, and
 * with what it took when it is over; its entry takes the hold's place in one commit, so that it counts once at any time. A hold whose
 * entry never comes lapses. What was settled lately is summed up by the second: a question costs the same however many calls there were.
 */
import {
  allFeatures,
  type Budget,
  type BudgetName,
  type Exhausted,
  type HoldRequest,
} from "../../../schemas/billing/budgets.ts";
import type { LedgerEntry } from "../../../schemas/billing/ledger.ts";
import type { Alerts } from "./alerts.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { dayMs, dayOf, usageOfAll, usageOfFeature } from "./usage-sums.ts";

export const holdLimits = {
  windowMs: 60_000,
  /** After it a call is settled by its entry, or was never begun: the tenant's `UsageLog` gives up one that it lost before this. */
  lapsesAfterMs: 960_000,
  maxHolds: 10_000,
} as const;

const tables = `
  CREATE TABLE IF NOT EXISTS budgets (
    feature TEXT PRIMARY KEY, tokens_per_minute INTEGER, audio_seconds_per_minute INTEGER, nano_usd_per_day INTEGER) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS holds (
    id TEXT PRIMARY KEY, feature TEXT NOT NULL, subject TEXT NOT NULL, at INTEGER NOT NULL, tokens INTEGER NOT NULL,
    audio_ms INTEGER NOT NULL, charge INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lately (
    second INTEGER NOT NULL, feature TEXT NOT NULL, subject TEXT NOT NULL, tokens INTEGER NOT NULL, audio_ms INTEGER NOT NULL,
    PRIMARY KEY (second, feature, subject)) WITHOUT ROWID`;
const recent = `
  SELECT COALESCE(SUM(tokens), 0) AS tokens, COALESCE(SUM(audio_ms), 0) AS audio_ms, MIN(at) AS since FROM (
    SELECT second * 1000 AS at, feature, subject, tokens, audio_ms FROM lately
    UNION ALL SELECT at, feature, subject, tokens, audio_ms FROM holds)
  WHERE at > ?1 AND at < ?2 AND (?3 = '${allFeatures}' OR feature = ?3) AND (?4 IS NULL OR subject = ?4)`;
/** Of calls that are over. */
const settled = `
  SELECT COALESCE(SUM(tokens), 0) AS tokens, COALESCE(SUM(audio_ms), 0) AS audio_ms FROM lately
  WHERE second > ?1 AND second < ?2 AND (?3 = '${allFeatures}' OR feature = ?3) AND (?4 IS NULL OR subject = ?4)`;
const heldCharge = `
  SELECT COALESCE(SUM(charge), 0) AS charge FROM holds WHERE ?1 = '${allFeatures}' OR feature = ?1`;

type Recent = { readonly tokens: number; readonly audio_ms: number; readonly since: number | null };

export interface BudgetUse {
  readonly budget: Budget;
  readonly tokens: number;
  readonly charged: bigint;
  readonly held: bigint;
}

export class Budgets {
  readonly #db: Database;
  readonly #alerts: Alerts;
  /** As they stand in the table. */
  #known: readonly Budget[] | undefined;

  constructor(db: Database, alerts: Alerts) {
    this.#db = db;
    this.#alerts = alerts;
    db.transaction(() => db.sql.exec(tables));
  }

  get all(): readonly Budget[] {
    return (this.#known ??= this.#db.sql.exec<Budget>("SELECT * FROM budgets ORDER BY feature").toArray());
  }

  /** In place of all that there are. What was used stays. */
  set(budgets: readonly Budget[]): void {
    this.#db.transaction(() => {
      const { sql } = this.#db;
      sql.exec("DELETE FROM budgets");
      for (const { feature, tokens_per_minute, audio_seconds_per_minute, nano_usd_per_day } of budgets) {
        const row = [feature, tokens_per_minute, audio_seconds_per_minute, nano_usd_per_day];
        sql.exec("INSERT INTO budgets VALUES (?, ?, ?, ?)", ...row);
      }
    });
    this.#known = undefined;
  }

  use(): BudgetUse[] {
    return this.all.map((budget) => ({
      budget,
      tokens: this.#recent(budget.feature, null).tokens,
      charged: this.#charged(budget.feature),
      held: BigInt(this.#held(budget.feature)),
    }));
  }

  /** Holds what a call is about to take. @returns whether anything bounds it; which budget it would go beyond: nothing is held then. */
  hold(asked: HoldRequest): Result<boolean, Exhausted> {
    const budgets = this.#of(asked.feature);
    if (budgets.length === 0) return ok(false);
    return this.#db.transaction(() => {
      const { sql, now } = this.#db;
      this.#prune();
      if (sql.exec("SELECT 1 FROM holds WHERE id = ?", asked.id).toArray().length > 0) return ok(true);
      for (const budget of budgets) {
        const exhausted = this.#exhausted(budget, asked);
        if (exhausted) {
          if (exhausted.budget !== "calls_under_way") this.#refused(budget, exhausted.budget);
          return err(exhausted);
        }
      }
      const { count } = sql.exec<{ count: number }>("SELECT count(*) AS count FROM holds").one();
      if (count >= holdLimits.maxHolds) {
        return err({ feature: asked.feature, budget: "calls_under_way", retryAfterSeconds: 60 } as const);
      }
      const { id, feature, subject, tokens, audio_ms, charge } = asked;
      const row = [id, feature, subject ?? "", now(), Math.ceil(tokens), Math.ceil(audio_ms), charge ?? 0];
      sql.exec("INSERT INTO holds VALUES (?, ?, ?, ?, ?, ?, ?)", ...row);
      return ok(true);
    });
  }

  /** A call is over, and this is what it took: its hold is no more than that until its entry comes. */
  used({ id, tokens, audio_ms, charge }: HoldRequest): void {
    const taken = [Math.ceil(tokens), Math.ceil(audio_ms), charge ?? 0];
    this.#db.sql.exec("UPDATE holds SET tokens = ?, audio_ms = ?, charge = ? WHERE id = ?", ...taken, id);
  }

  /** An entry is recorded: it takes the place of its hold. Part of that transaction. */
  settle({ event_id, feature, subject, at, quantities }: LedgerEntry): void {
    const budgets = this.#of(feature);
    if (budgets.length === 0 && this.all.length === 0) return;
    const { sql, now } = this.#db;
    sql.exec("DELETE FROM holds WHERE id = ?", event_id);
    const tokens = (quantities.input_tokens ?? 0) + (quantities.output_tokens ?? 0);
    const audioMs = quantities.audio_ms ?? 0;
    if (budgets.length === 0) return;
    const isOver = tokens + audioMs === 0 || Math.abs(now() - at) >= holdLimits.windowMs;
    if (!isOver) this.#note(feature, subject, at, { tokens, audioMs });
    for (const budget of budgets) {
      this.#alerts.note(budget, "nano_usd_per_day", this.#charged(budget.feature));
      if (isOver) continue;
      this.#alerts.note(budget, "tokens_per_minute", BigInt(this.#settled(budget.feature, null).tokens));
      const { audio_ms } = this.#settled(budget.feature, subject ?? "");
      this.#alerts.note(budget, "audio_seconds_per_minute", BigInt(Math.floor(audio_ms / 1_000)));
    }
  }

  #note(
    feature: string,
    subject: string | null,
    at: number,
    { tokens, audioMs }: { readonly tokens: number; readonly audioMs: number },
  ): void {
    const { sql } = this.#db;
    sql.exec(
      `INSERT INTO lately VALUES (CAST(? AS INTEGER), ?, ?, CAST(? AS INTEGER), CAST(? AS INTEGER))
       ON CONFLICT DO UPDATE SET tokens = lately.tokens + excluded.tokens, audio_ms = lately.audio_ms + excluded.audio_ms`,
      seconds(at),
      feature,
      subject ?? "",
      tokens,
      audioMs,
    );
    this.#prune();
  }

  /** A call is refused: the budget is used up for it, whatever is left. */
  #refused(budget: Budget, name: BudgetName): void {
    const { tokens, audio_ms } = this.#settled(budget.feature, null);
    const used = {
      tokens_per_minute: () => BigInt(tokens),
      audio_seconds_per_minute: () => BigInt(Math.floor(audio_ms / 1_000)),
      nano_usd_per_day: () => this.#charged(budget.feature),
    }[name]();
    this.#alerts.note(budget, name, used, true);
  }

  #settled(feature: string, subject: string | null): Omit<Recent, "since"> {
    const [since, until] = [this.#db.now() - holdLimits.windowMs, this.#db.now() + holdLimits.windowMs];
    return this.#db.sql.exec<Recent>(settled, seconds(since), seconds(until), feature, subject).one();
  }

  #of(feature: string): readonly Budget[] {
    return this.all.filter((budget) => budget.feature === feature || budget.feature === allFeatures);
  }

  #exhausted(budget: Budget, { subject, tokens, audio_ms, charge }: HoldRequest): Exhausted | undefined {
    const { feature, tokens_per_minute, audio_seconds_per_minute, nano_usd_per_day } = budget;
    const now = this.#db.now();
    const soon = ({ since }: Recent): number =>
      Math.max(1, Math.ceil(((since ?? now) + holdLimits.windowMs - now) / 1_000));
    if (tokens_per_minute !== null && tokens > 0) {
      const taken = this.#recent(feature, null);
      if (taken.tokens + tokens > tokens_per_minute)
        return { feature, budget: "tokens_per_minute", retryAfterSeconds: soon(taken) };
    }
    if (audio_seconds_per_minute !== null && audio_ms > 0) {
      const taken = this.#recent(feature, subject ?? "");
      if (taken.audio_ms + audio_ms > audio_seconds_per_minute * 1_000)
        return { feature, budget: "audio_seconds_per_minute", retryAfterSeconds: soon(taken) };
    }
    // What costs nothing is asked for even where no money is left.
    if (nano_usd_per_day !== null && charge !== 0) {
      const taken = this.#charged(feature) + BigInt(this.#held(feature));
      const isBeyond = charge === null ? taken >= BigInt(nano_usd_per_day) : taken + BigInt(charge) > nano_usd_per_day;
      const retryAfterSeconds = Math.ceil(((dayOf(now) + 1) * dayMs - now) / 1_000);
      if (isBeyond) return { feature, budget: "nano_usd_per_day", retryAfterSeconds };
    }
    return undefined;
  }

  /** @param subject of whom; null for everybody. */
  #recent(feature: string, subject: string | null): Recent {
    const now = this.#db.now();
    const { windowMs } = holdLimits;
    return this.#db.sql.exec<Recent>(recent, now - windowMs, now + windowMs, feature, subject).one();
  }

  #held(feature: string): number {
    return this.#db.sql.exec<{ charge: number }>(heldCharge, feature).one().charge;
  }

  #charged(feature: string): bigint {
    const today = dayOf(this.#db.now());
    const days = { from: today, to: today };
    return feature === allFeatures ? usageOfAll(this.#db, days).charge : usageOfFeature(this.#db, feature, days).charge;
  }

  /** What lies behind, and what lies so far ahead that the clock must have been set back. */
  #prune(): void {
    const { sql, now } = this.#db;
    const { windowMs, lapsesAfterMs } = holdLimits;
    sql.exec("DELETE FROM lately WHERE second < ? OR second > ?", seconds(now() - windowMs), seconds(now() + windowMs));
    sql.exec("DELETE FROM holds WHERE at < ? OR at > ?", now() - lapsesAfterMs, now() + lapsesAfterMs);
  }
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
