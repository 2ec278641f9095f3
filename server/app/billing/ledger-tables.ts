/**
 * The ledger's tables. A sum of money is two columns, whole dollars and the nano-dollars below one, so that SQL adds it up
 * without losing a digit (`addMoney`). Entries are numbered without a hole: `flushed_seq` says how many of them D1 has.
 */
import type { Database } from "../../shared/lib/sql.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS entries (
    seq INTEGER PRIMARY KEY, event_id TEXT NOT NULL UNIQUE, at INTEGER NOT NULL, charge INTEGER NOT NULL,
    credit INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS sums (
    name TEXT PRIMARY KEY, entries INTEGER NOT NULL, dollars INTEGER NOT NULL, nanos INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS usage_days (
    dimension TEXT NOT NULL, key TEXT NOT NULL, day INTEGER NOT NULL, entries INTEGER NOT NULL,
    estimated INTEGER NOT NULL, unpriced INTEGER NOT NULL,
    cost_dollars INTEGER NOT NULL, cost_nanos INTEGER NOT NULL,
    charge_dollars INTEGER NOT NULL, charge_nanos INTEGER NOT NULL,
    audio_ms INTEGER NOT NULL, characters INTEGER NOT NULL, input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL, calls INTEGER NOT NULL, byte_days INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (dimension, key, day)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS flush (
    one INTEGER PRIMARY KEY CHECK (one = 1), last_seq INTEGER NOT NULL, flushed_seq INTEGER NOT NULL,
    due_at INTEGER, batch_id TEXT, batch_seq INTEGER);
  INSERT OR IGNORE INTO flush (one, last_seq, flushed_seq) VALUES (1, 0, 0)`;

export function makeTables({ sql }: Pick<Database, "sql">): void {
  sql.exec(tables);
  // Ledgers from before storage was an entry.
  const known = sql.exec("SELECT 1 FROM pragma_table_info('usage_days') WHERE name = 'byte_days'").toArray();
  if (known.length === 0) sql.exec("ALTER TABLE usage_days ADD COLUMN byte_days INTEGER NOT NULL DEFAULT 0");
}

/** The assignments of an upsert that add an amount to a sum in two columns, with its carry. */
export function addMoney(table: string, dollars: string, nanos: string): string {
  const together = `(${table}.${nanos} + excluded.${nanos})`;
  return `${dollars} = ${table}.${dollars} + excluded.${dollars} + ${together} / 1000000000, ${nanos} = ${together} % 1000000000`;
}
