/**
 * The ledger's entries in D1: a batch goes in whole, each entry once, and what is there is counted by what it says. And of the list of
 * sessions what is kept of them.
 */
import { tryAgain } from "../../shared/d1/try-again.ts";
import type { StoredEntry } from "./ledger-store.ts";
import type { KeptMeeting } from "./storage-tally.ts";
import type { Batch } from "./flusher.ts";

const insert = `
  INSERT INTO billing_entries (tenant, event_id, seq, batch_id, at, charge, credit, body)
  SELECT ?1, value ->> 'event_id', value ->> 'seq', ?2, value ->> 'at', value ->> 'charge', value ->> 'credit', value ->> 'body'
  FROM json_each(?3) WHERE true ON CONFLICT DO NOTHING`;
/** An entry of the same id that says something else is not the one that is looked for. */
const count = `
  SELECT count(*) AS there FROM json_each(?2) JOIN billing_entries AS e
    ON e.tenant = ?1 AND e.event_id = value ->> 'event_id' AND e.body = value ->> 'body'
   AND e.charge = value ->> 'charge' AND e.credit = value ->> 'credit'`;
const sums = `
  SELECT count(*) AS entries,
    COALESCE(SUM(charge / 1000000000), 0) AS charge_dollars, COALESCE(SUM(charge % 1000000000), 0) AS charge_nanos,
    COALESCE(SUM(credit / 1000000000), 0) AS credit_dollars, COALESCE(SUM(credit % 1000000000), 0) AS credit_nanos
  FROM billing_entries WHERE tenant = ?1`;

export interface D1Sums {
  readonly entries: number;
  readonly charge_dollars: number;
  readonly charge_nanos: number;
  readonly credit_dollars: number;
  readonly credit_nanos: number;
}

/** @returns how many of the batch's entries are there now. */
export async function writeBatch(db: D1Database, tenant: string, { batchId, entries }: Batch): Promise<number> {
  const rows = JSON.stringify(entries);
  // One transaction: what is counted is what was written.
  const results = await db.batch<{ there: number }>([
    db.prepare(insert).bind(tenant, batchId, rows),
    db.prepare(count).bind(tenant, rows),
  ]);
  return results[1]?.results[0]?.there ?? 0;
}

const between = `
  SELECT seq, event_id, at, charge, credit, body FROM billing_entries
  WHERE tenant = ?1 AND seq > ?2 AND seq <= ?3 ORDER BY seq, event_id LIMIT ?4`;

/** What D1 has after one number up to another, in their order. */
export async function entriesInD1(
  db: D1Database,
  tenant: string,
  { after, through, most }: { readonly after: number; readonly through: number; readonly most: number },
): Promise<StoredEntry[]> {
  const found = db.prepare(between).bind(tenant, after, through, most);
  return (await tryAgain(() => found.all<StoredEntry>())).results;
}

/** What D1 has of a tenant. */
export async function sumsInD1(db: D1Database, tenant: string): Promise<D1Sums> {
  const found = db.prepare(sums).bind(tenant);
  return (
    (await tryAgain(() => found.first<D1Sums>())) ?? {
      entries: 0,
      charge_dollars: 0,
      charge_nanos: 0,
      credit_dollars: 0,
      credit_nanos: 0,
    }
  );
}

const kept = `
  SELECT session_id, kept_seconds FROM sessions WHERE tenant = ?1 AND session_id > ?2 AND kept_seconds > 0
  ORDER BY session_id LIMIT ?3`;

/** A tenant's meetings that have audio, after one in the order of their ids. */
export async function keptInD1(db: D1Database, tenant: string, after: string, most: number): Promise<KeptMeeting[]> {
  const found = db.prepare(kept).bind(tenant, after, most);
  return (await tryAgain(() => found.all<KeptMeeting>())).results;
}

const titles = `
  SELECT session_id, title FROM sessions WHERE tenant = ?1 AND title IS NOT NULL AND session_id IN (SELECT value FROM json_each(?2))`;

/** What a tenant's meetings are called, by their ids; those without a title, and those that are deleted, are left out. */
export async function titlesInD1(
  db: D1Database,
  tenant: string,
  ids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const found = db.prepare(titles).bind(tenant, JSON.stringify(ids));
  const { results } = await tryAgain(() => found.all<{ session_id: string; title: string }>());
  return new Map(results.map(({ session_id, title }) => [session_id, title]));
}
