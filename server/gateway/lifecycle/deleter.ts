/**
 * Deletes all of a session, in steps that each bear repeating: mark → quiet → R2 → D1 → the room's rows. The mark is in
 * SQLite before anything is gone, and the room's alarm goes on after a crash (I3). What stays is one tombstone, so that the
 * id can't come back (I4).
 *
 *   mark    status `deleting`: every route answers 410, no frame is taken, nothing more is written to R2
 *   quiet   what was under way is over: it could write after the look into R2
 *   R2      listed by the session's prefix and deleted a batch at a time, until nothing is listed
 *   D1      the session's row of the index
 *   rows    all of the room's tables, in the commit that writes the receipt and what is to be said of it: status `deleted`
 *   scrub   what the tables left behind in the files of the room and of the index, where those are files of this machine
 *   sweep   twice more, later: a write that R2 or D1 was given before a crash may land after all
 */
import type { DeletionPending, DeletionReceipt } from "../../../schemas/http/sessions.ts";
import { sessionPrefix } from "../archive/keys.ts";
import type { SessionName } from "../core/session-name.ts";
import { tableCounts } from "./wipe.ts";
import type { DeletionRecord, SessionStore } from "../core/session-store.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";

/** R2 deletes this many at once, and lists no more. */
const batchObjects = 1_000;
/** Batches of one run: the platform bounds the requests of one alarm. */
const maxBatches = 200;
const r2TimeoutMs = 30_000;
const d1TimeoutMs = 10_000;
const scrubTimeoutMs = 15_000;
/** A room that dies in the middle is woken this soon. */
export const deletionBackstopMs = 5_000;
const minBackoffMs = 1_000;
const maxBackoffMs = 60_000;
/** Longer than anything that was under way can take; and once more, for what nobody thought of. */
const sweepAfterMs = [120_000, 3_600_000] as const;

export type DeletionOutcome =
  | { readonly done: true; readonly answer: DeletionReceipt }
  | { readonly done: false; readonly answer: DeletionPending };

export interface DeleterDeps {
  readonly db: Database;
  readonly session: SessionName;
  readonly store: SessionStore;
  /** The gate lets a deletion through: it only takes away. */
  readonly bucket: Pick<R2Bucket, "list" | "delete">;
  /** Ends uploads that R2 does not list. */
  readonly abortUploads: () => Promise<void>;
  readonly removeFromIndex: () => Promise<void>;
  /** Has written what outlives the session. Called in the commit that writes the tombstone, before `wipe`. */
  readonly takeLeave: () => void;
  /** Deletes all that the room has stored but the schema's version. Called in the commit that writes the tombstone. */
  readonly wipe: () => void;
  /** Overwrites what is no row any more in the room's file and in the index's. Does nothing where the platform owns the files. */
  readonly scrub: () => Promise<void>;
  /** Resolves when nothing of the room that began before the mark is under way. */
  readonly quiet: () => Promise<void>;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly random: () => number;
}

export class Deleter {
  readonly #deps: DeleterDeps;
  readonly #flight = new SingleFlight(() => this.#steps());
  readonly #cooldown: Cooldown;

  constructor(deps: DeleterDeps) {
    this.#deps = deps;
    const { db, random } = deps;
    this.#cooldown = new Cooldown({ firstMs: minBackoffMs, maxMs: maxBackoffMs, now: db.now, random });
  }

  /** Takes a marked deletion as far as it goes now; joins the run under way. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  outcome(): DeletionOutcome {
    const { receipt, objects } = this.#record();
    if (receipt) return { done: true, answer: receipt };
    return { done: false, answer: { session_id: this.#deps.session.sessionId, status: "deleting", objects } };
  }

  async #steps(): Promise<void> {
    const { store, session, wakeAt } = this.#deps;
    try {
      if (store.status === "deleting") await this.#delete();
      else if (store.status === "deleted") await this.#sweep();
      this.#cooldown.succeeded();
    } catch (cause) {
      const delay_ms = this.#cooldown.failed();
      log.warn("delete.step_failed", { session_id: session.sessionId, delay_ms, error: describeError(cause) });
      wakeAt(this.#cooldown.until);
    }
  }

  async #delete(): Promise<void> {
    const { abortUploads, db, quiet, removeFromIndex, synced, wakeAt } = this.#deps;
    await quiet();
    // Nothing must be gone whose mark a crash can undo.
    await synced();
    await withTimeout(abortUploads(), r2TimeoutMs, "R2 abort");
    if (!(await this.#emptyBucket())) {
      wakeAt(db.now());
      return;
    }
    await withTimeout(removeFromIndex(), d1TimeoutMs, "D1 delete");
    this.#bury();
    wakeAt(db.now() + sweepAfterMs[0]);
    await this.#scrub();
  }

  /** What fails here, the later looks make good. */
  async #scrub(): Promise<void> {
    const { scrub, session, synced } = this.#deps;
    try {
      await synced();
      await withTimeout(scrub(), scrubTimeoutMs, "scrub");
    } catch (cause) {
      log.warn("delete.scrub_failed", { session_id: session.sessionId, error: describeError(cause) });
    }
  }

  /** @returns whether nothing is left. */
  async #emptyBucket(): Promise<boolean> {
    const { bucket, session } = this.#deps;
    const prefix = sessionPrefix(session);
    let lastFirst: string | undefined;
    for (let batch = 0; batch < maxBatches; batch += 1) {
      const listing = bucket.list({ prefix, limit: batchObjects });
      const { objects } = await withTimeout(listing, r2TimeoutMs, "R2 list");
      const [first] = objects;
      if (!first) return true;
      if (first.key === lastFirst) throw new Error("R2 still lists what it deleted");
      lastFirst = first.key;
      this.#count(objects);
      await withTimeout(bucket.delete(objects.map(({ key }) => key)), r2TimeoutMs, "R2 delete");
    }
    return false;
  }

  /** Before they are deleted: keys come in order, so one that is listed again after a crash is known by its place. */
  #count(objects: readonly R2Object[]): void {
    const record = this.#record();
    const uncounted = objects.filter(({ key }) => key > record.counted_to);
    const last = uncounted.at(-1);
    if (!last || record.receipt) return;
    this.#deps.store.deletion = {
      ...record,
      objects: record.objects + uncounted.length,
      bytes: uncounted.reduce((sum, { size }) => sum + size, record.bytes),
      counted_to: last.key,
    };
  }

  #bury(): void {
    const { db, store, session, takeLeave, wipe } = this.#deps;
    const { by, requested_at, objects, bytes, ...record } = this.#record();
    db.transaction(() => {
      const receipt: DeletionReceipt = {
        session_id: session.sessionId,
        status: "deleted",
        by,
        requested_at: new Date(requested_at).toISOString(),
        deleted_at: new Date(db.now()).toISOString(),
        objects,
        bytes,
        ...tableCounts(db),
      };
      takeLeave();
      wipe();
      store.deletion = { ...record, by, requested_at, objects, bytes, receipt };
      store.status = "deleted";
    });
  }

  async #sweep(): Promise<void> {
    const { abortUploads, db, removeFromIndex, store, wakeAt, wipe } = this.#deps;
    const record = this.#record();
    if (record.sweeps >= sweepAfterMs.length) return;
    await withTimeout(abortUploads(), r2TimeoutMs, "R2 abort");
    const isEmpty = await this.#emptyBucket();
    await withTimeout(removeFromIndex(), d1TimeoutMs, "D1 delete");
    if (!isEmpty) {
      wakeAt(db.now());
      return;
    }
    const sweeps = record.sweeps + 1;
    db.transaction(() => {
      wipe();
      store.deletion = { ...record, sweeps };
      store.status = "deleted";
    });
    const next = sweepAfterMs[sweeps];
    if (next !== undefined) wakeAt(db.now() + next);
    await this.#scrub();
  }

  #record(): DeletionRecord {
    const record = this.#deps.store.deletion;
    if (!record) throw new Error("delete: no request is recorded");
    return record;
  }
}
