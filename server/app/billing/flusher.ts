/**
 * Takes entries to D1 in batches (SPEC B6):
 *
 *   pending ── a batch, named in a commit ──▶ D1: insert what is not there, count what is ──▶ no longer pending
 *
 * A batch keeps its name and its entries until D1 has all of them, through kill and outage: the same rows come again, and D1 takes
 * each once. Knows D1 by a port, and no platform.
 */
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { describeError } from "../../shared/telemetry/log.ts";
import type { LedgerStore, StoredEntry } from "./ledger-store.ts";

export const flushLimits = {
  maxBatchEntries: 400,
  /** Text of one batch: D1 takes 2 MB in one value. */
  maxBatchChars: 700_000,
  maxBatchesPerRun: 25,
  timeoutMs: 20_000,
} as const;

export interface Batch {
  readonly batchId: string;
  readonly entries: readonly StoredEntry[];
}

/** @returns how many of the batch's entries are there afterwards. May reject, or never answer. */
export type WriteBatch = (batch: Batch) => Promise<number>;

export interface FlusherDeps {
  readonly db: Database;
  readonly store: LedgerStore;
  readonly write: WriteBatch;
  readonly newId: () => string;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
}

export class Flusher {
  readonly #deps: FlusherDeps;

  constructor(deps: FlusherDeps) {
    this.#deps = deps;
  }

  /** Batches until nothing that was pending at the beginning is, or as many as one run may have. One run at a time. */
  async run(): Promise<Result<void, string>> {
    const { store } = this.#deps;
    const goal = store.flush.last_seq;
    for (let batches = 0; batches < flushLimits.maxBatchesPerRun && store.flush.flushed_seq < goal; batches += 1) {
      const done = await this.#flushOne();
      if (!done.ok) return done;
    }
    return ok(undefined);
  }

  async #flushOne(): Promise<Result<void, string>> {
    const { write, synced } = this.#deps;
    const batch = this.#open();
    await synced();
    try {
      const there = await withTimeout(write(batch), flushLimits.timeoutMs, "D1");
      if (there !== batch.entries.length) return err(`D1 has ${there} of ${batch.entries.length} entries of a batch`);
    } catch (cause) {
      return err(describeError(cause));
    }
    this.#close(batch);
    return ok(undefined);
  }

  /** The batch under way, or a new one. */
  #open(): Batch {
    const { db, store, newId } = this.#deps;
    return db.transaction(() => {
      const { flush } = store;
      const through = flush.batch_seq ?? flush.last_seq;
      const found = store.entries(flush.flushed_seq, through, flushLimits.maxBatchEntries);
      if (flush.batch_id !== null) return { batchId: flush.batch_id, entries: found };
      const entries = fitting(found);
      const batchId = newId();
      store.flush = { ...flush, batch_id: batchId, batch_seq: entries.at(-1)?.seq ?? flush.flushed_seq };
      return { batchId, entries };
    });
  }

  #close({ batchId, entries }: Batch): void {
    const { db, store } = this.#deps;
    db.transaction(() => {
      const { flush } = store;
      if (flush.batch_id !== batchId || flush.batch_seq === null) throw new Error("another batch is under way");
      const sumOf = (of: "charge" | "credit"): bigint => entries.reduce((sum, entry) => sum + BigInt(entry[of]), 0n);
      store.add("flushed_charged", entries.length, sumOf("charge"));
      store.add("flushed_topped_up", entries.filter(({ credit }) => credit > 0).length, sumOf("credit"));
      store.flush = { ...flush, flushed_seq: flush.batch_seq, batch_id: null, batch_seq: null };
    });
  }
}

function fitting(entries: readonly StoredEntry[]): readonly StoredEntry[] {
  let chars = 0;
  const beyond = entries.findIndex(({ body }) => (chars += body.length) > flushLimits.maxBatchChars);
  return beyond === -1 ? entries : entries.slice(0, Math.max(1, beyond));
}
