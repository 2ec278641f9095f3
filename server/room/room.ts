/** One opened session's modules, wired together over the room's storage. Rebuilt from storage at every wake. */
import type { Sha256 } from "../../schemas/chain.ts";
import type { ResolveSettings, SessionAnswer, SessionConfig, SessionState } from "../../schemas/http.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import type { PostedUtterance, UtterancesAnswer } from "../../schemas/utterances.ts";
import { Archiver } from "../archive/archiver.ts";
import { readChunks } from "../archive/chunk-reader.ts";
import type { SessionName } from "../archive/keys.ts";
import { EventLog } from "../journal/event-log.ts";
import { Journal } from "../journal/journal.ts";
import { migrate } from "../journal/migrations.ts";
import { SessionStore } from "../journal/session-store.ts";
import { UtteranceStore } from "../journal/utterance-store.ts";
import type { Database } from "../lib/sql.ts";
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
import type { IngestDeps } from "./ingest.ts";
import { Jobs } from "./jobs.ts";
import { resolveSettingsFrom } from "./settings.ts";

/** A room that dies with chunks pending is woken this soon to archive them. */
const archiveBackstopMs = 5_000;

export interface RoomDeps {
  readonly session: SessionName;
  readonly db: Database;
  readonly bucket: R2Bucket;
  readonly inference: Inference;
  readonly resolveDefaults: ResolveSettings;
  readonly sha256: Sha256;
  readonly synced: () => Promise<void>;
  readonly setAlarm: (at: number) => void;
  /** Called after each event that was appended, inside the step that did. */
  readonly onEvent: () => void;
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
  readonly #utterances: UtteranceStore;
  readonly #archiver: Archiver;
  readonly #db: Database;
  readonly #speakers: SpeakerBook;

  constructor(deps: RoomDeps) {
    const { session, db, bucket, sha256, synced } = deps;
    migrate(db);
    this.session = session;
    this.#db = db;
    this.store = new SessionStore(db, deps.resolveDefaults);
    this.journal = new Journal(db, sha256);
    this.events = new EventLog(db, deps.onEvent);
    this.#utterances = new UtteranceStore(db);
    this.#speakers = new SpeakerBook(new SpeakerStore(db), this.events);
    const isOpen = (): boolean => this.store.isOpen;
    const isSealed = (): boolean => this.store.finalizing?.sealed_at != null;
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
      bucket,
      sha256,
      synced,
      wakeAt: (at) => this.jobs.ensure("finalize", at),
    });
    this.jobs = new Jobs({
      db,
      setAlarm: deps.setAlarm,
      run: {
        archive: () => this.#archiver.wake(),
        resolve: () => this.autoResolver.run(),
        finalize: () => this.finalizer.run(),
      },
    });
    // Pending bytes imply a job, whatever became of the one that was set with them.
    if (this.journal.pendingChunks > 0) this.#ensureArchive();
    this.autoResolver.kick();
  }

  /** Call after every stored chunk: archives and resolves in the background, with the alarm behind both. */
  chunkStored(): void {
    this.#ensureArchive();
    this.#archiver.kick();
    this.autoResolver.kick();
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
  configure({
    roster,
    metadata,
    resolve,
  }: SessionConfig): Result<SessionAnswer, "session_finalized" | "resolve_started"> {
    const { store } = this;
    if (!store.isOpen) return err("session_finalized");
    const before = store.config;
    const settings = resolveSettingsFrom(before.resolve, resolve);
    // Where windows begin follows from their length: a track half cut one way can't go on another way.
    const isCut = this.journal.ledgers().some(({ resolved_seq }) => resolved_seq > 0);
    if (isCut && settings.window_chunks !== before.resolve.window_chunks) return err("resolve_started");
    this.#db.transaction(() => {
      store.config = { metadata: { ...before.metadata, ...metadata }, resolve: settings };
      if (roster) this.#speakers.setRoster(roster);
      store.touch();
    });
    this.autoResolver.kick();
    return ok(this.settings());
  }

  settings(): SessionAnswer {
    const { roster } = this.#speakers.state();
    const { status, config } = this.store;
    return { session_id: this.session.sessionId, status, ...(roster ? { roster } : {}), ...config };
  }

  #ensureArchive(): void {
    this.jobs.ensure("archive", Math.max(this.#db.now() + archiveBackstopMs, this.#archiver.notBefore));
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
