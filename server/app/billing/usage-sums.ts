/**
 * What was used, summed up as entries come: a row for each day and each model, feature, user and session of it. A question
 * costs what its answer has rows, however many entries there are (SPEC B5).
 */
import {
  type LedgerEntry,
  type LedgerUnit,
  ledgerUnits,
  type UsageDimension,
} from "../../../schemas/billing/ledger.ts";
import { joinedNanos } from "../../../schemas/billing/money.ts";
import type { Database, SqlValue } from "../../shared/lib/sql.ts";
import { addMoney } from "./ledger-tables.ts";

export const dayMs = 86_400_000;

export interface UsageSums {
  readonly entries: number;
  /** Entries whose quantities or price are a guess. */
  readonly estimated: number;
  /** Entries of which no price is known, for which nothing is charged. */
  readonly unpriced: number;
  readonly cost: bigint;
  readonly charge: bigint;
  readonly quantities: Readonly<Record<LedgerUnit, number>>;
}

export interface UsageRow extends UsageSums {
  readonly key: string;
}

/** Days since 1970, both included. */
export interface Days {
  readonly from: number;
  readonly to: number;
}

type Row = Record<LedgerUnit, number> & {
  key: string;
  entries: number;
  estimated: number;
  unpriced: number;
  cost_dollars: number;
  cost_nanos: number;
  charge_dollars: number;
  charge_nanos: number;
};

const counts = ["entries", "estimated", "unpriced"] as const;
const money = ["cost_dollars", "cost_nanos", "charge_dollars", "charge_nanos"] as const;
const columns = [...counts, ...money, ...ledgerUnits];
const values = columns.map((_, index) => `CAST(?${index + 4} AS INTEGER)`).join(", ");
const added = [...counts, ...ledgerUnits].map((name) => `${name} = usage_days.${name} + excluded.${name}`).join(", ");
const upsert = `
  INSERT INTO usage_days (dimension, key, day, ${columns.join(", ")}) VALUES (?1, ?2, CAST(?3 AS INTEGER), ${values})
  ON CONFLICT (dimension, key, day) DO UPDATE SET ${added},
    ${addMoney("usage_days", "cost_dollars", "cost_nanos")}, ${addMoney("usage_days", "charge_dollars", "charge_nanos")}`;
const totals = columns.map((name) => `COALESCE(SUM(${name}), 0) AS ${name}`).join(", ");
const byKey = `
  SELECT key, ${totals} FROM usage_days WHERE dimension = ?1 AND key > ?2 AND day BETWEEN ?3 AND ?4
  GROUP BY key ORDER BY key LIMIT ?5`;
const ofFeature = `
  SELECT '' AS key, ${totals} FROM usage_days WHERE dimension = 'feature' AND key = ?1 AND day BETWEEN ?2 AND ?3`;
const ofAll = `SELECT '' AS key, ${totals} FROM usage_days WHERE dimension = 'day' AND day BETWEEN ?1 AND ?2`;

export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

/** As a key of the dimension `day`, and in an answer: `2026-11-29`. */
export function dateOf(day: number): string {
  return new Date(day * dayMs).toISOString().slice(0, 10);
}

/** Part of the transaction that records the entry. */
export function addUsage({ sql }: Pick<Database, "sql">, entry: LedgerEntry, charge: number): void {
  const day = dayOf(entry.at);
  const cost = entry.cost_nano_usd ?? 0;
  const row: SqlValue[] = [
    1,
    entry.is_estimated ? 1 : 0,
    entry.cost_nano_usd === null ? 1 : 0,
    ...[cost, charge].flatMap((nanoUsd) => [Math.floor(nanoUsd / 1e9), nanoUsd % 1e9]),
    ...ledgerUnits.map((unit) => entry.quantities[unit] ?? 0),
  ];
  const keys: Readonly<Record<UsageDimension, string>> = {
    day: dateOf(day),
    model: entry.model ?? "",
    feature: entry.feature,
    user: entry.subject ?? "",
    session: entry.session_id ?? "",
  };
  for (const [dimension, key] of Object.entries(keys)) sql.exec(upsert, dimension, key, day, ...row);
}

/** @param after the last key of the page before. Entries that name none have the key "", which the first page begins with. */
export function usageBy(
  { sql }: Pick<Database, "sql">,
  dimension: UsageDimension,
  { from, to }: Days,
  page: { readonly after: string | undefined; readonly limit: number },
): UsageRow[] {
  // No key is below the empty one: it is asked for by a comparison that lets it in.
  const query = page.after === undefined ? byKey.replace("key > ?2", "key >= ?2") : byKey;
  return sql
    .exec<Row>(query, dimension, page.after ?? "", from, to, page.limit)
    .toArray()
    .map(sumsOf);
}

export function usageOfAll({ sql }: Pick<Database, "sql">, { from, to }: Days): UsageSums {
  return sumsOf(sql.exec<Row>(ofAll, from, to).one());
}

export function usageOfFeature({ sql }: Pick<Database, "sql">, feature: string, { from, to }: Days): UsageSums {
  return sumsOf(sql.exec<Row>(ofFeature, feature, from, to).one());
}

function sumsOf(row: Row): UsageRow {
  return {
    key: row.key,
    entries: row.entries,
    estimated: row.estimated,
    unpriced: row.unpriced,
    cost: joinedNanos({ dollars: row.cost_dollars, nanos: row.cost_nanos }),
    charge: joinedNanos({ dollars: row.charge_dollars, nanos: row.charge_nanos }),
    quantities: {
      audio_ms: row.audio_ms,
      characters: row.characters,
      input_tokens: row.input_tokens,
      output_tokens: row.output_tokens,
      calls: row.calls,
      byte_days: row.byte_days,
    },
  };
}
