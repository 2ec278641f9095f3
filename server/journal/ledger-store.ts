/** The rows of `tracks`: read once at every wake, then from memory, written through. */
import type { Database } from "../lib/sql.ts";
import type { TrackLedger } from "./ledger.ts";

export class LedgerStore {
  readonly #db: Database;
  /** As many as the session has tracks. */
  readonly #ledgers = new Map<string, TrackLedger>();

  constructor(db: Database) {
    this.#db = db;
    for (const row of db.sql.exec<TrackLedger & Record<string, SqlStorageValue>>(
      "SELECT * FROM tracks ORDER BY opened_at, track",
    )) {
      this.#ledgers.set(row.track, row);
    }
  }

  get size(): number {
    return this.#ledgers.size;
  }

  /** By name: an order that no restart changes. */
  all(): TrackLedger[] {
    return [...this.#ledgers.values()].sort((a, b) => (a.track < b.track ? -1 : 1));
  }

  /** Undefined for a track that was never opened. */
  get(track: string): TrackLedger | undefined {
    return this.#ledgers.get(track);
  }

  required(track: string): TrackLedger {
    const ledger = this.#ledgers.get(track);
    if (!ledger) throw new Error("journal: the track was never opened");
    return ledger;
  }

  save(ledger: TrackLedger): void {
    this.write(ledger);
    this.remember(ledger);
  }

  /** Inside a transaction. Memory learns of it with `remember`, once that has succeeded: it could be rolled back. */
  write(ledger: TrackLedger): void {
    this.#db.sql.exec(
      `INSERT OR REPLACE INTO tracks (track, opened_at, started_at, updated_at, last_seq, received_chunks,
         duplicate_chunks, rejected_chunks, resolved_seq, end_seq, padding_samples, pace_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      ledger.track,
      ledger.opened_at,
      ledger.started_at,
      ledger.updated_at,
      ledger.last_seq,
      ledger.received_chunks,
      ledger.duplicate_chunks,
      ledger.rejected_chunks,
      ledger.resolved_seq,
      ledger.end_seq,
      ledger.padding_samples,
      ledger.pace_ms,
    );
  }

  remember(ledger: TrackLedger): void {
    this.#ledgers.set(ledger.track, ledger);
  }
}
