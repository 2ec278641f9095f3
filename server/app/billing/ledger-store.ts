/** The rows of the ledger's entries and sums. Each call is part of the caller's transaction. */
import { joinedNanos, splitNanos } from "../../../schemas/billing/money.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";
import { addMoney, makeTables } from "./ledger-tables.ts";

/** `charged` and `topped_up` of all entries; the others of those that D1 has. */
export type SumName = "charged" | "topped_up" | "flushed_charged" | "flushed_topped_up";

export interface Sum {
  readonly entries: number;
  readonly nanoUsd: bigint;
}

export interface StoredEntry {
  readonly seq: number;
  readonly event_id: string;
  readonly at: number;
  readonly charge: number;
  readonly credit: number;
  readonly body: string;
}

export interface FlushState {
  readonly last_seq: number;
  readonly flushed_seq: number;
  /** When what is pending goes to D1 at the latest, ms since 1970; null where nothing is. */
  readonly due_at: number | null;
  /** The batch that is under way, and its last entry. */
  readonly batch_id: string | null;
  readonly batch_seq: number | null;
}

type SumRow = { entries: number; dollars: number; nanos: number };

const known = stmt<[string], { body: string }>("SELECT body FROM entries WHERE event_id = ?");
const insert = stmt<[number, string, number, number, number, string]>(
  "INSERT INTO entries (seq, event_id, at, charge, credit, body) VALUES (?, ?, ?, ?, ?, ?)",
);
const between = stmt<[number, number, number], StoredEntry>(
  "SELECT * FROM entries WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
);
const readSum = stmt<[string], SumRow>("SELECT entries, dollars, nanos FROM sums WHERE name = ?");
const addToSum = stmt<[string, number, number, number]>(
  `INSERT INTO sums (name, entries, dollars, nanos) VALUES (?1, CAST(?2 AS INTEGER), CAST(?3 AS INTEGER), CAST(?4 AS INTEGER))
   ON CONFLICT (name) DO UPDATE SET entries = sums.entries + excluded.entries, ${addMoney("sums", "dollars", "nanos")}`,
);
const readFlush = stmt<[], FlushState>("SELECT last_seq, flushed_seq, due_at, batch_id, batch_seq FROM flush");
const writeFlush = stmt<[number, number, number | null, string | null, number | null]>(
  "UPDATE flush SET last_seq = ?, flushed_seq = ?, due_at = ?, batch_id = ?, batch_seq = ?",
);

export class LedgerStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.transaction(() => makeTables(db));
  }

  /** What stands under an id; undefined where nothing does. */
  body(eventId: string): string | undefined {
    return known.first(this.#db, eventId)?.body;
  }

  append({ seq, event_id, at, charge, credit, body }: StoredEntry): void {
    insert.run(this.#db, seq, event_id, at, charge, credit, body);
  }

  /** Entries after one seq up to another, oldest first. */
  entries(after: number, through: number, most: number): StoredEntry[] {
    return between.all(this.#db, after, through, most);
  }

  sum(name: SumName): Sum {
    const row = readSum.first(this.#db, name);
    return row ? { entries: row.entries, nanoUsd: joinedNanos(row) } : { entries: 0, nanoUsd: 0n };
  }

  add(name: SumName, entries: number, nanoUsd: bigint): void {
    const { dollars, nanos } = splitNanos(nanoUsd);
    addToSum.run(this.#db, name, entries, dollars, nanos);
  }

  get flush(): FlushState {
    return readFlush.one(this.#db);
  }

  set flush({ last_seq, flushed_seq, due_at, batch_id, batch_seq }: FlushState) {
    writeFlush.run(this.#db, last_seq, flushed_seq, due_at, batch_id, batch_seq);
  }
}
