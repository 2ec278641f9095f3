/** One opened session's modules, wired together over the room's storage. Rebuilt from storage at every wake. */
import type { Sha256 } from "../../schemas/chain.ts";
import type { SessionState } from "../../schemas/http.ts";
import { Archiver } from "../archive/archiver.ts";
import type { SessionName } from "../archive/keys.ts";
import { Journal } from "../journal/journal.ts";
import { migrate } from "../journal/migrations.ts";
import type { Database } from "../lib/sql.ts";
import { Finalizer } from "../results/finalizer.ts";
import { ingestStatus } from "../results/track-status.ts";
import type { CallInference } from "../speakers/inference-client.ts";
import { Resolver } from "../speakers/resolver.ts";
import { SpeakerStore } from "../speakers/speaker-store.ts";
import { EventLog } from "../journal/event-log.ts";
import type { IngestDeps } from "./ingest.ts";
import { Jobs } from "./jobs.ts";
import { SessionStore } from "../journal/session-store.ts";

/** A room that dies with chunks pending is woken this soon to archive them. */
const archiveBackstopMs = 5_000;

export interface RoomDeps {
  readonly session: SessionName;
  readonly db: Database;
  readonly bucket: R2Bucket;
  readonly callInference: CallInference | undefined;
  readonly sha256: Sha256;
  readonly synced: () => Promise<void>;
  readonly setAlarm: (at: number) => void;
}

export class Room {
  readonly session: SessionName;
  readonly journal: Journal;
  readonly store: SessionStore;
  readonly jobs: Jobs;
  readonly resolver: Resolver;
  readonly finalizer: Finalizer;
  readonly ingest: IngestDeps;
  readonly #archiver: Archiver;
  readonly #db: Database;
  readonly #events: EventLog;
  readonly #speakers: SpeakerStore;

  constructor(deps: RoomDeps) {
    const { session, db, bucket, sha256, synced } = deps;
    migrate(db);
    this.session = session;
    this.#db = db;
    this.store = new SessionStore(db);
    this.journal = new Journal(db, sha256);
    this.#events = new EventLog(db);
    this.#speakers = new SpeakerStore(db);
    const isOpen = (): boolean => this.store.isOpen;
    this.ingest = { session, journal: this.journal, events: this.#events, isOpen, now: db.now };
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
      call: deps.callInference,
      speakers: this.#speakers,
      events: this.#events,
      isOpen,
      isSealed: () => this.store.finalizing?.sealed_at != null,
      onCommit: () => this.store.touch(),
    });
    this.finalizer = new Finalizer({
      db,
      session,
      store: this.store,
      journal: this.journal,
      speakers: this.#speakers,
      events: this.#events,
      archiver: this.#archiver,
      resolver: this.resolver,
      bucket,
      sha256,
      synced,
      wakeAt: (at) => this.jobs.ensure("finalize", at),
    });
    this.jobs = new Jobs({
      db,
      setAlarm: deps.setAlarm,
      run: { archive: () => this.#archiver.wake(), finalize: () => this.finalizer.run() },
    });
    // Pending bytes imply a job, whatever became of the one that was set with them.
    if (this.journal.pendingChunks > 0) this.#ensureArchive();
  }

  /** Call after every stored chunk: archives in the background, with the alarm behind it. */
  chunkStored(): void {
    this.#ensureArchive();
    this.#archiver.kick();
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
      state: this.#speakers.load(),
      event_count: this.#events.count,
      updated_at: new Date(updatedAt).toISOString(),
      ...ingest,
    };
  }
}
