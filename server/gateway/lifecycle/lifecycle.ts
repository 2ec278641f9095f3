/**
 * What a session goes through besides its meeting: its row of the index (I1), its end by itself (I6), its deletion, asked
 * for or due (I3, I5). Each is a job of the room, so that it survives anything; none writes a row per chunk.
 */
import type { DeletionReceipt } from "../../../schemas/http/sessions.ts";
import type { SessionName } from "../archive/keys.ts";
import { BucketGate } from "./bucket-gate.ts";
import { Deleter, deletionBackstopMs } from "./deleter.ts";
import { Indexer } from "./session-list-job.ts";
import type { SessionIndex, SessionRow } from "./session-list.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { durationMs } from "../tracks/track-plan.ts";
import type { SessionStore } from "../core/session-store.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { coverage } from "../results/build-result.ts";
import { autoFinalizeAt, lastActivityAt, retentionEndsAt } from "./retention.ts";
import type { JobName, Jobs } from "../core/jobs.ts";

/** How long a deletion waits for a write to R2 that was under way when it began. */
const writeIdleMs = 60_000;

export interface LifecycleSettings {
  /** Where a session was not told; null: it is kept. */
  readonly retentionDays: number | null;
  /** Where a session was not told; 0: never. */
  readonly autoFinalizeAfterMs: number;
}

export interface LifecycleDeps {
  readonly db: Database;
  readonly session: SessionName;
  readonly store: SessionStore;
  readonly tracks: Tracks;
  readonly bucket: R2Bucket;
  readonly index: Pick<SessionIndex, "put" | "remove">;
  /** What the tenant's quota is told of the session (SPEC L4). May reject. */
  readonly quota: { readonly confirm: () => Promise<void>; readonly close: (storedTotal: number) => Promise<void> };
  readonly settings: LifecycleSettings;
  readonly jobs: () => Jobs;
  /** Begins and runs a finalize that nobody asked for. */
  readonly finalize: () => Promise<void>;
  /** Resolves when the room's modules, stopped by the mark, have ended what they had begun. */
  readonly settled: () => Promise<unknown>;
  readonly abortUploads: () => Promise<void>;
  /** Nobody may stay connected. */
  readonly onGone: () => void;
  readonly synced: () => Promise<void>;
}

export class Lifecycle {
  readonly deleter: Deleter;
  /** What the room's modules write through. */
  readonly bucket: R2Bucket;
  /** Its share of the room's jobs. */
  readonly work: Readonly<
    Record<Extract<JobName, "index" | "quota" | "auto_finalize" | "retention" | "delete">, () => Promise<void>>
  >;
  readonly #deps: LifecycleDeps;
  readonly #indexer: Indexer;

  constructor(deps: LifecycleDeps) {
    this.#deps = deps;
    const { db, session, store, tracks, bucket, index, quota, jobs, settled, synced, abortUploads } = deps;
    const random = Math.random;
    const gate = new BucketGate(bucket, () => store.isGone);
    this.bucket = gate.bucket;
    this.#indexer = new Indexer({
      sessionId: session.sessionId,
      write: () => this.#writeIndex(),
      wakeAt: (at) => jobs().ensure("index", at),
      now: db.now,
      random,
    });
    this.deleter = new Deleter({
      db,
      session,
      store,
      bucket,
      abortUploads,
      removeFromIndex: async () => {
        await Promise.all([index.remove(session), quota.close(tracks.storedChunks)]);
      },
      quiet: async () => {
        await settled();
        await Promise.all([this.#indexer.idle(), gate.idle(writeIdleMs)]);
      },
      synced,
      wakeAt: (at) => jobs().ensure("delete", at),
      random,
    });
    this.work = {
      index: () => this.#indexer.run(),
      quota: () => this.#tellQuota(),
      auto_finalize: () => this.#autoFinalize(),
      retention: () => this.#endRetention(),
      delete: () => this.deleter.run(),
    };
  }

  /** The room of an opened session woke. */
  woke(): void {
    this.rearm();
    // Opened by a version that had no index.
    if (this.#deps.store.indexRevision === 0) this.#indexer.statusChanged();
  }

  /** The session was opened, is finalizing or finalized. Call outside a transaction. */
  statusChanged(): void {
    this.#indexer.statusChanged();
    this.#deps.jobs().ensure("quota", this.#deps.db.now());
    this.rearm();
  }

  /** Called for every chunk: costs nothing while the jobs are set. */
  chunkStored(): void {
    this.#indexer.countsChanged();
    if (!this.#deps.jobs().has("auto_finalize")) this.rearm();
  }

  /** Sets the alarms as the settings have it. One that was set for too early looks again when it goes off. */
  rearm(): void {
    const idleAt = this.#autoFinalizeAt();
    if (idleAt !== undefined) this.#deps.jobs().ensure("auto_finalize", idleAt);
    const endsAt = this.#retentionEndsAt();
    if (endsAt !== undefined) this.#deps.jobs().ensure("retention", endsAt);
  }

  /** What holds for this session. */
  get settings(): { readonly retention_days: number | null; readonly auto_finalize_after_ms: number } {
    const { settings, store } = this.#deps;
    const { retention_days: days = settings.retentionDays, auto_finalize_after_ms: afterMs } = store.config;
    return { retention_days: days, auto_finalize_after_ms: afterMs ?? settings.autoFinalizeAfterMs };
  }

  /** Begins to delete all of the session, or joins that. `deleter.run` goes on with it, and the alarm does. */
  beginDeletion(by: DeletionReceipt["by"]): void {
    const { db, jobs, onGone, store } = this.#deps;
    if (store.isGone) return;
    const requested_at = db.now();
    db.transaction(() => {
      store.deletion = { by, requested_at, objects: 0, bytes: 0, counted_to: "", receipt: null, sweeps: 0 };
      store.status = "deleting";
    });
    jobs().keepOnly("delete");
    jobs().ensure("delete", requested_at + deletionBackstopMs);
    // So that the list shows it where R2 is slow; without a second try.
    this.#indexer.statusChanged();
    onGone();
  }

  async #tellQuota(): Promise<void> {
    const { tracks, quota, store, synced } = this.#deps;
    const { isOpen, status } = store;
    // A slot must not be freed for an end that a crash can still undo.
    await synced();
    if (isOpen) await quota.confirm();
    else if (status === "finalized") await quota.close(tracks.storedChunks);
  }

  async #writeIndex(): Promise<void> {
    const { index, tracks, session, store, synced } = this.#deps;
    const { status } = store;
    if (status === "deleted") return;
    const trackRows = tracks.rows();
    const row: SessionRow = {
      session_id: session.sessionId,
      status,
      created_at: store.createdAt,
      updated_at: lastActivityAt(trackRows, store.updatedAt),
      finalized_at: this.#finalizedAt() ?? null,
      tracks: trackRows.length,
      kept_seconds: trackRows.reduce((sum, { received_chunks }) => sum + received_chunks, 0),
      duration_ms: Math.max(0, ...trackRows.map(durationMs)),
      coverage: coverage(trackRows),
    };
    const revision = store.nextIndexRevision();
    // The index must not know what a crash can still undo.
    await synced();
    await index.put(session.tenant, row, revision);
  }

  /** Undefined unless it is finalized; ms since 1970. */
  #finalizedAt(): number | undefined {
    const { finalizing, status } = this.#deps.store;
    return status === "finalized" ? (finalizing?.sealed_at ?? undefined) : undefined;
  }

  #autoFinalizeAt(): number | undefined {
    const { tracks, store } = this.#deps;
    if (!store.isOpen) return undefined;
    return autoFinalizeAt(tracks.rows(), store.updatedAt, this.settings.auto_finalize_after_ms);
  }

  #retentionEndsAt(): number | undefined {
    const { tracks, store } = this.#deps;
    return retentionEndsAt(tracks.rows(), store.updatedAt, this.#finalizedAt(), this.settings.retention_days);
  }

  /** The last chunk that the alarm knew of is old enough; the last one that came may not be. */
  async #autoFinalize(): Promise<void> {
    const at = this.#autoFinalizeAt();
    if (at === undefined) return;
    if (at <= this.#deps.db.now()) await this.#deps.finalize();
    else this.#deps.jobs().ensure("auto_finalize", at);
  }

  async #endRetention(): Promise<void> {
    const at = this.#retentionEndsAt();
    if (at === undefined) return;
    if (at > this.#deps.db.now()) return this.#deps.jobs().ensure("retention", at);
    this.beginDeletion("room");
    await this.deleter.run();
  }
}
