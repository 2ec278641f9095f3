/**
 * How much of a budget is used, told by webhook at 50, 80 and 100 percent (SPEC B10): written in the commit that reaches it, once for
 * each budget and day, and sent until it is taken. A budget of the minute is told of once a day too. Knows the way out by a port.
 */
import type { Budget, BudgetName } from "../../../schemas/billing/budgets.ts";
import { exactUsd } from "../../../schemas/billing/money.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import { budgetPercents, type BudgetReached } from "../../../schemas/webhooks.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";
import { dateOf, dayOf } from "./usage-sums.ts";

export const alertLimits = {
  /** Days for which is known what was told. */
  keptDays: 8,
  maxRows: 2_000,
  maxTriesPerRun: 10,
  /** Where nobody can be asked to send it. */
  awayMs: 60_000,
} as const;

export interface AlertDelivery {
  readonly delivery_id: string;
  readonly payload: string;
  readonly failures: number;
}

/** One try. May reject. @returns what becomes of it; `dueAt` in ms since 1970, null unless pending. */
export type DeliverAlert = (
  delivery: AlertDelivery,
) => Promise<{ readonly state: "pending" | "delivered" | "dead"; readonly dueAt: number | null }>;

export interface AlertsDeps {
  readonly db: Database;
  readonly tenant: string;
  readonly deliver: DeliverAlert;
  readonly newId: () => string;
  readonly synced: () => Promise<void>;
  readonly log: Log;
}

const tables = `
  CREATE TABLE IF NOT EXISTS alerts (
    n INTEGER PRIMARY KEY AUTOINCREMENT, day INTEGER NOT NULL, feature TEXT NOT NULL, budget TEXT NOT NULL, amount TEXT NOT NULL,
    percent INTEGER NOT NULL, delivery_id TEXT NOT NULL, payload TEXT NOT NULL, state TEXT NOT NULL, failures INTEGER NOT NULL,
    due_at INTEGER NOT NULL, UNIQUE (day, feature, budget, amount, percent));
  CREATE INDEX IF NOT EXISTS alerts_due ON alerts (due_at) WHERE state = 'pending'`;
const firstDue = `
  SELECT delivery_id, payload, failures, due_at FROM alerts WHERE state = 'pending' ORDER BY due_at, n LIMIT 1`;

type Due = { delivery_id: string; payload: string; failures: number; due_at: number };

const limitNames = {
  tokens_per_minute: "tokens_per_minute",
  audio_seconds_per_minute: "audio_seconds_per_minute",
  nano_usd_per_day: "usd_per_day",
} as const satisfies Record<BudgetName, string>;

export class Alerts {
  readonly #deps: AlertsDeps;
  readonly #flight = new SingleFlight(() => this.#send());

  constructor(deps: AlertsDeps) {
    this.#deps = deps;
    deps.db.transaction(() => deps.db.sql.exec(tables));
  }

  /**
   * So much of a budget is used. Part of the transaction that found it.
   * @param isRefused a call was refused for want of it.
   */
  note(budget: Budget, name: BudgetName, used: bigint, isRefused = false): void {
    const most = budget[name];
    if (most === null) return;
    const reached = budgetPercents.filter((percent) => isRefused || used * 100n >= BigInt(most) * BigInt(percent));
    for (const percent of reached) this.#add(budget.feature, name, BigInt(most), percent, used);
  }

  /** When `run` is to be called, ms since 1970; undefined where nothing waits. */
  get dueAt(): number | undefined {
    return this.#first?.due_at;
  }

  /** Sends what is due, one after the other. Never rejects for the receiver's sake. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  get #first(): Due | undefined {
    return this.#deps.db.sql.exec<Due>(firstDue).toArray()[0];
  }

  #add(feature: string, name: BudgetName, most: bigint, percent: BudgetReached["data"]["percent"], used: bigint): void {
    const { db, newId, tenant } = this.#deps;
    const [now, inDigits] = [db.now(), name === "nano_usd_per_day" ? exactUsd : String];
    const day = dayOf(now);
    const key = [day, feature, name, String(most), percent] as const;
    const known = "SELECT 1 FROM alerts WHERE day = ? AND feature = ? AND budget = ? AND amount = ? AND percent = ?";
    if (db.sql.exec(known, ...key).toArray().length > 0) return;
    const payload: BudgetReached = {
      type: "budget.reached",
      timestamp: new Date(now).toISOString(),
      data: {
        tenant,
        feature,
        limit: limitNames[name],
        amount: inDigits(most),
        percent,
        used: inDigits(used),
        day: dateOf(day),
      },
    };
    this.#prune(day);
    db.sql.exec(
      `INSERT INTO alerts (day, feature, budget, amount, percent, delivery_id, payload, state, failures, due_at)
       VALUES (?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?)`,
      ...key,
      `msg_${newId()}`,
      JSON.stringify(payload),
      now,
    );
  }

  async #send(): Promise<void> {
    const { db, deliver, log, synced } = this.#deps;
    // What a crash can still undo must not be told.
    await synced();
    for (let tries = 0; tries < alertLimits.maxTriesPerRun; tries += 1) {
      const row = this.#first;
      if (!row || row.due_at > db.now()) return;
      const { delivery_id, payload, failures } = row;
      try {
        const { state, dueAt } = await deliver({ delivery_id, payload, failures });
        const after = state === "delivered" ? failures : failures + 1;
        this.#settle(delivery_id, state, after, dueAt ?? row.due_at);
      } catch (cause) {
        log.warn("billing.alert_waits", { delivery: delivery_id, error: describeError(cause) });
        this.#settle(delivery_id, "pending", failures, db.now() + alertLimits.awayMs);
      }
    }
  }

  #settle(deliveryId: string, state: string, failures: number, dueAt: number): void {
    const change = "UPDATE alerts SET state = ?, failures = ?, due_at = ? WHERE delivery_id = ?";
    this.#deps.db.sql.exec(change, state, failures, dueAt, deliveryId);
  }

  /** Days long past, and the oldest of more than there can be of budgets that stay as they are. */
  #prune(today: number): void {
    const { sql } = this.#deps.db;
    sql.exec("DELETE FROM alerts WHERE day < ?", today - alertLimits.keptDays);
    sql.exec(
      "DELETE FROM alerts WHERE n <= (SELECT n FROM alerts ORDER BY n DESC LIMIT 1 OFFSET ?)",
      alertLimits.maxRows,
    );
  }
}
