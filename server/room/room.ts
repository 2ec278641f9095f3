/** One opened session's modules, wired together over the room's storage. Rebuilt from storage at every wake. */
import type { Sha256 } from "../../schemas/chain.ts";
import type { ResolveSettings, SessionAnswer, SessionConfig, SessionState } from "../../schemas/http.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import { timelineOf } from "../../schemas/timeline.ts";
import { transcriptOf } from "../../schemas/transcript.ts";
import type { PostedUtterance, UtterancesAnswer } from "../../schemas/utterances.ts";
import { Archiver } from "../archive/archiver.ts";
import { readChunks } from "../archive/chunk-reader.ts";
import { resultKey, type SessionName } from "../archive/keys.ts";
import { WavAssembler } from "../audio/wav-assembler.ts";
import { planWav, type WavPlan } from "../audio/wav-plan.ts";
import { WavStore } from "../audio/wav-store.ts";
import type { SessionIndex } from "../index-db/session-index.ts";
import { EventLog } from "../journal/event-log.ts";
import { Journal } from "../journal/journal.ts";
import { migrate } from "../journal/migrations.ts";
import { SessionStore } from "../journal/session-store.ts";
import { UtteranceStore } from "../journal/utterance-store.ts";
import type { Database } from "../lib/sql.ts";
import type { Meeting } from "../exports/meeting.ts";
import { coverage, gapsOf } from "../results/build-result.ts";
import { Finalizer } from "../results/finalizer.ts";
import { ingestStatus } from "../results/track-status.ts";
import { AutoResolver } from "../speakers/auto-resolver.ts";
import { Circuit } from "../speakers/circuit.ts";
import { Corrections } from "../speakers/corrections.ts";
import type { Inference } from "../speakers/inference-client.ts";
import { bindingFrom } from "../speakers/introductions.ts";
import { Resolver } from "../speakers/resolver.ts";
import { SpeakerBook } from "../speakers/speaker-book.ts";
import { SpeakerStore } from "../speakers/speaker-store.ts";
import type { WebhookSettings } from "../webhooks/post.ts";
import { Webhooks } from "../webhooks/webhooks.ts";
import type { IngestDeps } from "./ingest.ts";
import { Jobs } from "./jobs.ts";
import { Lifecycle, type LifecycleSettings } from "./lifecycle.ts";
import { isOutsideResult, resolveSettingsFrom, webhookUrlFrom } from "./settings.ts";
import { StallWatch } from "./stalls.ts";

/** A room that dies with chunks pending is woken this soon to archive them. */
const archiveBackstopMs = 5_000;

export interface RoomDeps {
  readonly session: SessionName;
  readonly db: Database;
  readonly bucket: R2Bucket;
  readonly inference: Inference;
  readonly resolveDefaults: ResolveSettings;
  readonly index: Pick<SessionIndex, "put" | "remove">;
  readonly lifecycle: LifecycleSettings;
  readonly webhooks: WebhookSettings;
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
  /** Called with what background work did not expect: the room must start anew from storage. */
  readonly onFailure: (cause: unknown) => void;
}

export class Room {
  readonly session: SessionName;
  readonly journal: Journal;
  readonly store: SessionStore;
  readonly jobs: Jobs;
  readonly resolver: Resolver;
  readonly finalizer: Finalizer;
  readonly ingest: IngestDeps;
  readonly events: EventLog;
  readonly autoResolver: AutoResolver;
  readonly corrections: Corrections;
  readonly lifecycle: Lifecycle;
  readonly #wavStore: WavStore;
  readonly #wavs: WavAssembler;
  readonly webhooks: Webhooks;
  readonly #stalls: StallWatch;
  readonly #utterances: UtteranceStore;
  readonly #archiver: Archiver;
  readonly #db: Database;
  readonly #speakers: SpeakerBook;

  constructor(deps: RoomDeps) {
    const { session, db, sha256, synced } = deps;
    migrate(db);
    this.session = session;
    this.#db = db;
    this.store = new SessionStore(db, deps.resolveDefaults);
    const isGone = (): boolean => this.store.isGone;
    this.journal = new Journal(db, sha256);
    this.events = new EventLog(db, (event) => {
      this.webhooks.note(event);
      if (event.type === "track.opened") this.#stalls.heard();
      deps.onEvent();
    });
    this.#utterances = new UtteranceStore(db);
    this.#speakers = new SpeakerBook(new SpeakerStore(db), this.events);
    this.lifecycle = new Lifecycle({
      db,
      session,
      store: this.store,
      journal: this.journal,
      bucket: deps.bucket,
      index: deps.index,
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
    this.ingest = { session, journal: this.journal, events: this.events, isOpen, now: db.now };
    this.#archiver = new Archiver({
      bucket,
      journal: this.journal,
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
      speakers: this.#speakers,
      isOpen,
      isSealed,
      onCommit,
    });
    this.autoResolver = new AutoResolver({
      db,
      journal: this.journal,
      events: this.events,
      utterances: this.#utterances,
      resolver: this.resolver,
      audio: ({ track, from_seq, to_seq }) =>
        readChunks({ bucket, journal: this.journal, session, sha256 }, track, from_seq, to_seq),
      settings: () => this.store.config.resolve,
      isFinal: () => !isOpen(),
      isSealed,
      wakeAt: (at) => this.jobs.ensure("resolve", at),
      random: Math.random,
      onFailure: deps.onFailure,
    });
    this.corrections = new Corrections({ db, speakers: this.#speakers, events: this.events, isSealed, onCommit });
    this.#wavStore = new WavStore(db);
    this.#wavs = new WavAssembler({
      db,
      bucket,
      session,
      journal: this.journal,
      store: this.#wavStore,
      sha256,
      synced,
      isWanted: () => this.store.status === "finalizing",
    });
    this.finalizer = new Finalizer({
      db,
      session,
      store: this.store,
      journal: this.journal,
      speakers: this.#speakers,
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
      result: () => ({ result_key: resultKey(session), coverage: coverage(this.journal.ledgers()) }),
      isWritten: () => this.store.status === "finalized",
      fetcher: deps.fetcher,
      synced,
      wakeAt: (at) => this.jobs.ensure("webhooks", at),
      random: Math.random,
    });
    this.#stalls = new StallWatch({
      journal: this.journal,
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
        ...this.lifecycle.work,
      },
    });
    if (isGone()) this.jobs.keepOnly("delete");
    if (isGone() || !this.store.isOpened) return;
    // Pending bytes imply a job, whatever became of the one that was set with them.
    if (this.journal.pendingChunks > 0) this.#ensureArchive();
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

  /** Keeps utterances, with their events and the names they give away, in one step. */
  addUtterances(posted: readonly PostedUtterance[]): Result<UtterancesAnswer, "session_finalized"> {
    if (!this.store.isOpen) return err("session_finalized");
    return ok({ utterances: this.#db.transaction(() => posted.map((utterance) => this.#addUtterance(utterance))) });
  }

  #addUtterance(posted: PostedUtterance): UtterancesAnswer["utterances"][number] {
    const { status, utterance } = this.#utterances.put(posted);
    const { utterance_id, track, revision } = utterance;
    if (status !== "unchanged") {
      this.events.append({ type: `utterance.${status}`, track, utterance, by: "room" });
      this.store.touch();
      const binding = bindingFrom({ journal: this.journal, events: this.events, speakers: this.#speakers }, utterance);
      if (binding) this.#speakers.note(binding);
    }
    return { utterance_id, status, revision };
  }

  /** Changes the session's settings. What `config` does not name stays. */
  configure(asked: SessionConfig): Result<SessionAnswer, "session_finalized" | "resolve_started"> {
    const { roster, metadata, resolve } = asked;
    const { store } = this;
    if (!store.isOpen && !isOutsideResult(asked)) return err("session_finalized");
    const before = store.config;
    const settings = resolveSettingsFrom(before.resolve, resolve);
    // Where windows begin follows from their length: a track half cut one way can't go on another way.
    const isCut = this.journal.ledgers().some(({ resolved_seq }) => resolved_seq > 0);
    if (isCut && settings.window_chunks !== before.resolve.window_chunks) return err("resolve_started");
    this.#db.transaction(() => {
      store.config = {
        ...before,
        metadata: { ...before.metadata, ...metadata },
        resolve: settings,
        webhook_url: webhookUrlFrom(before.webhook_url, asked),
        ...(asked.retention_days === undefined ? {} : { retention_days: asked.retention_days }),
        ...(asked.auto_finalize_after_ms === undefined ? {} : { auto_finalize_after_ms: asked.auto_finalize_after_ms }),
      };
      if (roster) this.#speakers.setRoster(roster);
      store.touch();
    });
    this.autoResolver.kick();
    this.lifecycle.rearm();
    return ok(this.settings());
  }

  settings(): SessionAnswer {
    const { roster } = this.#speakers.state();
    const { status, config } = this.store;
    const { webhook_url: url, ...shown } = config;
    return {
      session_id: this.session.sessionId,
      status,
      ...(roster ? { roster } : {}),
      ...shown,
      ...this.lifecycle.settings,
      ...(url === undefined ? {} : { webhook_origin: new URL(url).origin }),
    };
  }

  /** What a WAV of a track holds now; undefined for a track that was never opened. */
  planWav(track: string | undefined, fromMs: number, toMs: number): WavPlan | undefined {
    return planWav({ session: this.session, journal: this.journal, store: this.#wavStore }, track, fromMs, toMs);
  }

  #ensureArchive(): void {
    this.jobs.ensure("archive", Math.max(this.#db.now() + archiveBackstopMs, this.#archiver.notBefore));
  }

  /** The meeting so far, as exports need it. @param track undefined for all of them. */
  meeting(track: string | undefined): Meeting {
    const log = this.events.all();
    const isWanted = (entry: { readonly track: string }): boolean => track === undefined || entry.track === track;
    const timeline = timelineOf(log).filter(isWanted);
    return {
      sessionId: this.session.sessionId,
      timeline,
      transcript: transcriptOf(log, timeline).filter(isWanted),
      gaps: this.journal
        .ledgers()
        .filter(isWanted)
        .flatMap((ledger) => gapsOf(this.journal, ledger.track)),
    };
  }

  describe(): SessionState {
    const { sessionId } = this.session;
    const ingest = ingestStatus(sessionId, this.journal);
    const updates = Object.values(ingest.ingest_by_track).map(({ updated_at }) => Date.parse(updated_at ?? ""));
    const updatedAt = Math.max(this.store.updatedAt, ...updates.filter(Number.isFinite));
    return {
      session_id: sessionId,
      status: this.store.status,
      state: this.#speakers.state(),
      event_count: this.events.count,
      updated_at: new Date(updatedAt).toISOString(),
      ...ingest,
    };
  }
}
