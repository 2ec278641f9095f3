/** One opened session's modules, wired together over the room's storage. Rebuilt from storage at every wake. */
import type { Sha256 } from "../../../schemas/chain.ts";
import type { DeploymentLimits } from "../../../schemas/limits.ts";
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import { Archiver } from "../archive/archiver.ts";
import { readChunks } from "../archive/chunk-reader.ts";
import { resultKey, type SessionName } from "../archive/keys.ts";
import { WavAssembler } from "../results/wav/wav-assembler.ts";
import { WavStore } from "../results/wav/wav-store.ts";
import type { SessionIndex } from "../lifecycle/session-list.ts";
import { EventLog } from "../events/event-log.ts";
import { Tracks } from "../tracks/tracks.ts";
import { migrate } from "../core/migrations.ts";
import { SessionStore } from "../core/session-store.ts";
import { UtteranceStore } from "../speakers/utterance-store.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { coverage } from "../results/build-result.ts";
import { Finalizer } from "../results/finalizer.ts";
import { AutoResolver } from "../speakers/resolve-windows.ts";
import { Circuit } from "../speakers/circuit.ts";
import { Corrections } from "../speakers/corrections.ts";
import type { Inference } from "../speakers/inference-client.ts";
import { Resolver } from "../speakers/resolve-queue.ts";
import { SpeakerBook } from "../speakers/speaker-book.ts";
import { Utterances } from "../speakers/utterances.ts";
import { WindowStore } from "../speakers/window-store.ts";
import type { WebhookConfig } from "../../shared/config/webhooks.ts";
import { Webhooks } from "../webhooks/webhooks.ts";
import { AudioLease, type AudioLeaseDeps } from "../../shared/limits/audio-lease.ts";
import type { IngestDeps } from "./ingest.ts";
import { Jobs } from "../core/jobs.ts";
import { Lifecycle, type LifecycleDeps, type LifecycleSettings } from "../lifecycle/lifecycle.ts";
import { SessionSettings } from "./session-settings.ts";
import { SessionView } from "./session-view.ts";
import { StallWatch } from "../tracks/stalls.ts";

/** A room that dies with chunks pending is woken this soon to archive them. */
const archiveBackstopMs = 5_000;

export interface RoomDeps {
  readonly session: SessionName;
  readonly db: Database;
  readonly bucket: R2Bucket;
  readonly inference: Inference;
  readonly resolveDefaults: ResolveSettings;
  readonly index: Pick<SessionIndex, "put" | "remove">;
  /** The tenant's, which counts its sessions and its audio. */
  readonly quota: LifecycleDeps["quota"] & Pick<AudioLeaseDeps, "lease">;
  readonly limits: DeploymentLimits;
  readonly lifecycle: LifecycleSettings;
  readonly webhooks: WebhookConfig;
  /** 0: tracks never stall. */
  readonly trackStalledAfterMs: number;
  /** Sends webhooks. */
  readonly fetcher: typeof fetch;
  readonly sha256: Sha256;
  readonly synced: () => Promise<void>;
  readonly setAlarm: (at: number) => void;
  /** Called after each event that was appended, inside the step that did. */
  readonly onEvent: () => void;
  /** The session is being deleted: nobody may stay connected. */
  readonly onGone: () => void;
  /** Ends the connections whose token has. @returns when the next one does, ms since 1970. */
  readonly expireConnections: () => number | undefined;
  /** Called with what background work did not expect: the room must start anew from storage. */
  readonly onFailure: (cause: unknown) => void;
}

export class Room {
  readonly session: SessionName;
  readonly limits: DeploymentLimits;
  readonly tracks: Tracks;
  readonly store: SessionStore;
  readonly jobs: Jobs;
  readonly resolver: Resolver;
  readonly finalizer: Finalizer;
  readonly ingest: IngestDeps;
  readonly events: EventLog;
  readonly autoResolver: AutoResolver;
  readonly corrections: Corrections;
  readonly utterances: Utterances;
  readonly settings: SessionSettings;
  readonly view: SessionView;
  readonly lifecycle: Lifecycle;
  readonly webhooks: Webhooks;
  readonly #wavs: WavAssembler;
  readonly #stalls: StallWatch;
  readonly #archiver: Archiver;
  readonly #db: Database;

  constructor(deps: RoomDeps) {
    const { session, db, sha256, synced } = deps;
    migrate(db);
    this.session = session;
    this.limits = deps.limits;
    this.#db = db;
    this.store = new SessionStore(db, deps.resolveDefaults);
    const isGone = (): boolean => this.store.isGone;
    const {
      maxTracksPerSession: maxTracks,
      maxRealtimeFactor: factor,
      catchUpBurstSeconds: burstSeconds,
    } = deps.limits;
    const lease = new AudioLease({
      sessionId: session.sessionId,
      quota: deps.limits.audioSecondsPerTenantDay,
      lease: deps.quota.lease,
      now: db.now,
      random: Math.random,
    });
    const windows = new WindowStore(db);
    const storage = {
      maxTracks,
      pace: factor === null ? null : { factor, burstSeconds },
      mayStore: (storedTotal: number) => lease.mayStore(storedTotal),
    };
    this.tracks = new Tracks(db, sha256, storage, windows);
    this.events = new EventLog(db, (event) => {
      this.webhooks.note(event);
      if (event.type === "track.opened") this.#stalls.heard();
      deps.onEvent();
    });
    const utterances = new UtteranceStore(db);
    const speakers = new SpeakerBook(db, this.events);
    const wavs = new WavStore(db);
    this.lifecycle = new Lifecycle({
      db,
      session,
      store: this.store,
      tracks: this.tracks,
      bucket: deps.bucket,
      index: deps.index,
      quota: deps.quota,
      settings: deps.lifecycle,
      jobs: () => this.jobs,
      finalize: async () => {
        if (this.finalizer.begin({}).ok) await this.finalizer.run();
      },
      settled: () =>
        Promise.all([this.#archiver.drain(), this.resolver.idle(), this.autoResolver.run(), this.finalizer.run()]),
      abortUploads: () => this.#wavs.discard(),
      onGone: deps.onGone,
      synced,
    });
    const { bucket } = this.lifecycle;
    const isOpen = (): boolean => this.store.isOpen;
    const isSealed = (): boolean => isGone() || this.store.finalizing?.sealed_at != null;
    const onCommit = (): void => this.store.touch();
    const { tracks, events } = this;
    this.ingest = { session, tracks, events, isOpen, limits: deps.limits, now: db.now };
    this.#archiver = new Archiver({
      bucket,
      tracks: this.tracks,
      session,
      synced,
      wakeAt: (at) => this.jobs.ensure("archive", at),
      now: db.now,
      random: Math.random,
      isStopped: isGone,
    });
    this.resolver = new Resolver({
      db,
      sessionId: session.sessionId,
      inference: deps.inference,
      circuit: new Circuit(db.now, Math.random),
      speakers,
      isOpen,
      isSealed,
      onCommit,
    });
    this.autoResolver = new AutoResolver({
      db,
      tracks: this.tracks,
      windows,
      events: this.events,
      utterances,
      resolver: this.resolver,
      audio: ({ track, from_seq, to_seq }) =>
        readChunks({ bucket, tracks: this.tracks, session, sha256 }, track, from_seq, to_seq),
      settings: () => this.store.config.resolve,
      isFinal: () => !isOpen(),
      isSealed,
      wakeAt: (at) => this.jobs.ensure("resolve", at),
      random: Math.random,
      onFailure: deps.onFailure,
    });
    this.corrections = new Corrections({ db, speakers, events: this.events, isSealed, onCommit });
    this.utterances = new Utterances({
      db,
      tracks: this.tracks,
      events: this.events,
      speakers,
      store: utterances,
      isOpen,
      onCommit,
    });
    this.settings = new SessionSettings({
      db,
      sessionId: session.sessionId,
      store: this.store,
      tracks: this.tracks,
      speakers,
      lifecycle: this.lifecycle,
      onChange: () => {
        this.autoResolver.kick();
        this.lifecycle.rearm();
      },
    });
    this.view = new SessionView({
      session,
      store: this.store,
      tracks: this.tracks,
      events: this.events,
      speakers,
      wavs,
    });
    this.#wavs = new WavAssembler({
      db,
      bucket,
      session,
      tracks: this.tracks,
      store: wavs,
      sha256,
      synced,
      isWanted: () => this.store.status === "finalizing",
    });
    this.finalizer = new Finalizer({
      db,
      session,
      store: this.store,
      tracks: this.tracks,
      speakers,
      events: this.events,
      archiver: this.#archiver,
      resolver: this.resolver,
      autoResolver: this.autoResolver,
      wavs: this.#wavs,
      bucket,
      sha256,
      synced,
      wakeAt: (at) => this.jobs.ensure("finalize", at),
      onFrozen: () => this.lifecycle.statusChanged(),
      onFinalized: () => {
        this.webhooks.wake();
        this.lifecycle.statusChanged();
      },
    });
    this.webhooks = new Webhooks({
      db,
      ...session,
      settings: deps.webhooks,
      sessionUrl: () => this.store.config.webhook_url,
      result: () => ({ result_key: resultKey(session), coverage: coverage(this.tracks.rows()) }),
      isWritten: () => this.store.status === "finalized",
      fetcher: deps.fetcher,
      synced,
      wakeAt: (at) => this.jobs.ensure("webhooks", at),
      random: Math.random,
    });
    this.#stalls = new StallWatch({
      tracks: this.tracks,
      events: this.events,
      isOpen,
      now: db.now,
      afterMs: deps.trackStalledAfterMs,
      wakeAt: (at) => this.jobs.ensure("stalls", at),
      commit: (step) =>
        db.transaction(() => {
          step();
          onCommit();
        }),
    });
    this.jobs = new Jobs({
      db,
      setAlarm: deps.setAlarm,
      run: {
        archive: () => this.#archiver.wake(),
        resolve: () => this.autoResolver.run(),
        finalize: () => this.finalizer.run(),
        webhooks: () => this.webhooks.run(),
        stalls: async () => this.#stalls.run(),
        tokens: async () => {
          const next = deps.expireConnections();
          if (next !== undefined) this.jobs.ensure("tokens", next);
        },
        ...this.lifecycle.work,
      },
    });
    if (isGone()) this.jobs.keepOnly("delete");
    if (isGone() || !this.store.isOpened) return;
    // Pending bytes imply a job, whatever became of the one that was set with them.
    if (this.tracks.pendingChunks > 0) this.#ensureArchive();
    this.autoResolver.kick();
    this.webhooks.wake();
    this.lifecycle.woke();
  }

  /** Opens the session if it never was. */
  open(): void {
    if (this.store.open()) this.lifecycle.statusChanged();
  }

  /** Call after every stored chunk: archives and resolves in the background, with the alarm behind both. */
  chunkStored(): void {
    this.#ensureArchive();
    this.#archiver.kick();
    this.autoResolver.kick();
    this.#stalls.heard();
    this.lifecycle.chunkStored();
    this.finalizer.chunkStored();
  }

  #ensureArchive(): void {
    this.jobs.ensure("archive", Math.max(this.#db.now() + archiveBackstopMs, this.#archiver.notBefore));
  }
}
