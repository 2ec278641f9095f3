/** Counters in SQLite, a row a sample. Bounded: what is beyond is counted as one number. Batches are known by their ids for a while. */
import type { TelemetryCount } from "../../../schemas/telemetry.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

/** Far more than the code and a deployment's models come to. */
const maxSeries = 5_000;
/** For so long a batch that comes again is known. */
const batchesKeptMs = 900_000;
const minuteMs = 60_000;
/** Requests of so long a time make the rate of errors. */
export const rateWindowMs = 300_000;

export interface Sample {
  readonly name: string;
  readonly labels: readonly string[];
  readonly value: number;
}

type Row = { name: string; labels: string; value: number };

const seriesCount = stmt<[], { n: number }>("SELECT count(*) AS n FROM series");
const addTo = stmt<[by: number, name: string, labels: string]>(
  "UPDATE series SET value = value + ? WHERE name = ? AND labels = ?",
);
const begin = stmt<[name: string, labels: string, value: number]>(
  "INSERT INTO series (name, labels, value) VALUES (?, ?, ?)",
);
const all = stmt<[], Row>("SELECT name, labels, value FROM series ORDER BY name, labels");
const noteBatch = stmt<[id: string, at: number]>("INSERT OR IGNORE INTO batches (id, at) VALUES (?, ?)");
const forgetBatches = stmt<[before: number]>("DELETE FROM batches WHERE at < ?");
const addMinute = stmt<[minute: number, requests: number, errors: number, full: number]>(
  `INSERT INTO minutes (minute, requests, errors, storage_full) VALUES (?, ?, ?, ?) ON CONFLICT (minute) DO UPDATE SET
     requests = requests + excluded.requests, errors = errors + excluded.errors,
     storage_full = storage_full + excluded.storage_full`,
);
const forgetMinutes = stmt<[before: number]>("DELETE FROM minutes WHERE minute < ?");
const totals = stmt<[from: number], Totals>(
  `SELECT coalesce(sum(requests), 0) AS requests, coalesce(sum(errors), 0) AS errors,
     coalesce(sum(storage_full), 0) AS storage_full FROM minutes WHERE minute >= ?`,
);

const addStoreErrors = stmt<[minute: number, store: string, errors: number]>(
  `INSERT INTO store_minutes (minute, store, errors) VALUES (?, ?, ?)
   ON CONFLICT (minute, store) DO UPDATE SET errors = errors + excluded.errors`,
);
const forgetStoreMinutes = stmt<[before: number]>("DELETE FROM store_minutes WHERE minute < ?");
const worstStore = stmt<[from: number], StoreErrors>(
  `SELECT store, sum(errors) AS errors FROM store_minutes WHERE minute >= ? GROUP BY store
   ORDER BY sum(errors) DESC, store LIMIT 1`,
);

type Totals = { readonly requests: number; readonly errors: number; readonly storage_full: number };
export type StoreErrors = { readonly store: string; readonly errors: number };
export interface Rates extends Totals {
  /** Of the store that failed most often; undefined where none did. */
  readonly store: StoreErrors | undefined;
}

export const seriesTables = `
  CREATE TABLE IF NOT EXISTS series (name TEXT NOT NULL, labels TEXT NOT NULL, value REAL NOT NULL, PRIMARY KEY (name, labels)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS batches (id TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS minutes (minute INTEGER PRIMARY KEY, requests INTEGER NOT NULL, errors INTEGER NOT NULL, storage_full INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS store_minutes (
    minute INTEGER NOT NULL, store TEXT NOT NULL, errors INTEGER NOT NULL, PRIMARY KEY (minute, store)
  ) WITHOUT ROWID;`;

export class SeriesStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @returns whether the batch is new. Part of the caller's transaction. */
  note(id: string): boolean {
    forgetBatches.run(this.#db, this.#db.now() - batchesKeptMs);
    return noteBatch.run(this.#db, id, this.#db.now());
  }

  add({ name, labels, value }: TelemetryCount): void {
    const key = JSON.stringify(labels);
    if (value === 0 || addTo.run(this.#db, value, name, key)) return;
    if (seriesCount.one(this.#db).n < maxSeries) begin.run(this.#db, name, key, value);
  }

  /** For the alerts that go by what happened in five minutes: requests, and calls of stores that failed. */
  addToMinute(counts: readonly TelemetryCount[]): void {
    const minute = Math.floor(this.#db.now() / minuteMs) * minuteMs;
    let [requests, errors, full] = [0, 0, 0];
    for (const { name, labels, value } of counts) {
      if (name === "roomtone_refusals_total" && labels[0] === "storage_full") full += value;
      if (name === "roomtone_store_errors_total") addStoreErrors.run(this.#db, minute, labels[0] ?? "", value);
      if (name !== "roomtone_http_requests_total") continue;
      requests += value;
      // 503 says "later", and mostly what the deployment was told to say; but of what is broken it is the answer too.
      if (labels[1]?.startsWith("5")) errors += value;
    }
    forgetMinutes.run(this.#db, minute - rateWindowMs);
    forgetStoreMinutes.run(this.#db, minute - rateWindowMs);
    if (requests + full > 0) addMinute.run(this.#db, minute, requests, errors, full);
  }

  rates(): Rates {
    const from = this.#db.now() - rateWindowMs;
    return { ...totals.one(this.#db, from), store: worstStore.first(this.#db, from) };
  }

  samples(): Sample[] {
    return all.all(this.#db).map(({ name, labels, value }) => ({
      name,
      labels: (JSON.parse(labels) as unknown[]).map(String),
      value,
    }));
  }
}
