/**
 * What a session goes through besides its meeting: its row of the list (I1), its end by itself (I6), its deletion, asked
 * for or due (I3, I5). Each is a job of the room, so that it survives anything; none writes a row per chunk.
 */
import type { DeletionReceipt } from "../../../schemas/http/sessions.ts";
import type { Core } from "../core/core.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { Deleter, deletionBackstopMs } from "./deleter.ts";
import { autoFinalizeAt, retentionEndsAt } from "./retention.ts";
import { describedSession, type FactsSources, finalizedAt, listedSession } from "./session-facts.ts";
import { Indexer } from "./session-list-job.ts";
import type { SessionIndex } from "./session-list.ts";
import { wipeRoom } from "./wipe.ts";

/** How long a deletion waits for a write to R2 that was under way when it began. */
const writeIdleMs = 60_000;

export interface LifecycleSettings {
  /** Days that a session is kept if its own settings do not say; null: for ever. */
  readonly retentionDays: number | null;
  /** Silence after which a session is finalized if its own settings do not say; 0: never. */
  readonly autoFinalizeAfterMs: number;
}

export interface LifecycleDeps {
  readonly tracks: Tracks;
  /** Names of the session's people, the best known first. */
  readonly people: () => readonly string[];
  readonly index: Pick<SessionIndex, "put" | "remove">;
  /** The tenant's quota, which counts open sessions and stored audio (SPEC L4). May reject. */
  readonly quota: { readonly confirm: () => Promise<void>; readonly close: (storedTotal: number) => Promise<void> };
  readonly settings: LifecycleSettings;
  /** Begins and runs a finalize that nobody asked for. */
  readonly finalize: () => Promise<void>;
  /** Ends uploads that R2 does not list. */
  readonly abortUploads: () => Promise<void>;
  /** Overwrites what deleted rows left in files. */
  readonly scrub: () => Promise<void>;
  /** Deletes what the object keeps beside the room's tables. Called in the commit that deletes their rows. */
  readonly wipeObject: () => void;
}

export class Lifecycle {
  readonly deleter: Deleter;
  /** Its share of the room's jobs. */
  readonly work: Readonly<Record<"index" | "quota" | "auto_finalize" | "retention" | "delete", () => Promise<void>>>;
  readonly #core: Core;
  readonly #deps: LifecycleDeps;
  readonly #indexer: Indexer;

  constructor(core: Core, deps: LifecycleDeps) {
    this.#core = core;
    this.#deps = deps;
    const { db, session, store, bucket, bucketIdle, jobs, now, random, signals, synced } = core;
    const { abortUploads, index, quota, scrub, tracks, wipeObject } = deps;
    this.#indexer = new Indexer({
      sessionId: session.sessionId,
      write: () => this.#writeIndex(),
      wakeAt: (at) => jobs.at("index", at),
      now,
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
        await signals.quiet();
        await bucketIdle(writeIdleMs);
      },
      takeLeave: () => signals.sessionDeleted(),
      wipe: () => {
        wipeRoom(db, signals.lastingTables);
        wipeObject();
      },
      scrub,
      synced,
      wakeAt: (at) => jobs.at("delete", at),
      random,
    });
    this.work = {
      index: () => this.#indexer.run(),
      quota: () => this.#countSession(),
      auto_finalize: () => this.#autoFinalize(),
      retention: () => this.#endRetention(),
      delete: () => this.deleter.run(),
    };
  }

  /** The room of an opened session woke. */
  woke(): void {
    const { jobs, now, status, store } = this.#core;
    // Whatever became of its job.
    if (store.status === "deleting") jobs.at("delete", now());
    if (status.isGone) return;
    this.rearm();
    // Opened by a version that had no list.
    if (store.indexRevision === 0) this.#indexer.statusChanged();
  }

  /** The session was opened, is finalizing, is finalized, or is being deleted. */
  statusChanged(): void {
    this.#indexer.statusChanged();
    // For a session that is being deleted these jobs are no longer there.
    this.#core.jobs.at("quota", this.#core.now());
    this.rearm();
  }

  /** In the step that changed them: the list shows some of them. */
  settingsChanged(): void {
    this.#indexer.statusChanged();
    this.rearm();
  }

  /** Somebody got a name or lost one. Called in the commit that says so. */
  peopleChanged(): void {
    this.#indexer.peopleChanged();
  }

  /** What `GET` tells of the session beside its settings. */
  describe(): ReturnType<typeof describedSession> {
    return describedSession(this.#facts(), this.#retentionEndsAt());
  }

  /** Called for every chunk: costs nothing while the jobs are set. */
  chunkStored(): void {
    this.#indexer.countsChanged();
    if (!this.#core.jobs.has("auto_finalize")) this.rearm();
  }

  /** Writes the session's row of the list now. @returns whether D1 took it. */
  list(): Promise<boolean> {
    return this.#indexer.writeNow();
  }

  /** Resolves when no row of the list is being written. */
  async idle(): Promise<void> {
    await this.#indexer.idle();
  }

  /** Sets the alarms as the settings have it. One that was set for too early looks again when it goes off. */
  rearm(): void {
    const idleAt = this.#autoFinalizeAt();
    if (idleAt !== undefined) this.#core.jobs.at("auto_finalize", idleAt);
    const endsAt = this.#retentionEndsAt();
    if (endsAt !== undefined) this.#core.jobs.at("retention", endsAt);
  }

  /** What holds for this session: its own settings, else the deployment's. */
  get settings(): { readonly retention_days: number | null; readonly auto_finalize_after_ms: number } {
    const { settings } = this.#deps;
    const { retention_days: days = settings.retentionDays, auto_finalize_after_ms: afterMs } = this.#core.store.config;
    return { retention_days: days, auto_finalize_after_ms: afterMs ?? settings.autoFinalizeAfterMs };
  }

  /** Begins to delete all of the session, or joins that. `deleter.run` goes on with it, and the alarm does. */
  beginDeletion(by: DeletionReceipt["by"]): void {
    const { db, jobs, signals, store, now } = this.#core;
    if (store.isGone) return;
    const requested_at = now();
    db.transaction(() => {
      store.deletion = { by, requested_at, objects: 0, bytes: 0, counted_to: "", receipt: null, sweeps: 0 };
      store.status = "deleting";
      jobs.at("delete", requested_at + deletionBackstopMs);
      // Last: where the mark is undone, the session's other jobs must be there still.
      jobs.keepLasting();
    });
    signals.statusChanged();
  }

  async #countSession(): Promise<void> {
    const { store, synced } = this.#core;
    const { tracks, quota } = this.#deps;
    const { isOpen, status } = store;
    // A slot must not be freed for an end that a crash can still undo.
    await synced();
    if (isOpen) await quota.confirm();
    else if (status === "finalized") await quota.close(tracks.storedChunks);
  }

  async #writeIndex(): Promise<void> {
    const { session, store, synced } = this.#core;
    const row = listedSession(this.#facts());
    if (!row) return;
    const revision = store.nextIndexRevision();
    // The index must not know what a crash can still undo.
    await synced();
    await this.#deps.index.put(session.tenant, row, revision);
    // Neither R2 falling behind nor its catching up is a change that anybody tells of.
    if (this.#deps.tracks.pendingChunks > 0) this.#indexer.countsChanged();
  }

  #facts(): FactsSources {
    const { tracks, people } = this.#deps;
    return { core: this.#core, trackRows: tracks.rows(), unarchived: tracks.unarchived, people: people() };
  }

  #autoFinalizeAt(): number | undefined {
    const { store } = this.#core;
    if (!store.isOpen) return undefined;
    return autoFinalizeAt(this.#deps.tracks.rows(), store.updatedAt, this.settings.auto_finalize_after_ms);
  }

  #retentionEndsAt(): number | undefined {
    const { updatedAt } = this.#core.store;
    const { retention_days: days } = this.settings;
    return retentionEndsAt(this.#deps.tracks.rows(), updatedAt, finalizedAt(this.#core), days);
  }

  /** The last chunk that the alarm knew of is old enough; the last one that came may not be. */
  async #autoFinalize(): Promise<void> {
    const at = this.#autoFinalizeAt();
    if (at === undefined) return;
    if (at <= this.#core.now()) await this.#deps.finalize();
    else this.#core.jobs.at("auto_finalize", at);
  }

  async #endRetention(): Promise<void> {
    const at = this.#retentionEndsAt();
    if (at === undefined) return;
    if (at > this.#core.now()) return this.#core.jobs.at("retention", at);
    this.beginDeletion("room");
    await this.deleter.run();
  }
}
