/** The parts of a room that keep state, over a database of Node: no socket, no R2, no alarm. */
import { createHash } from "node:crypto";
import type { Sha256 } from "../../../../schemas/chain.ts";
import { migrate } from "../../../../server/gateway/core/migrations.ts";
import { SessionStore } from "../../../../server/gateway/core/session-store.ts";
import { EventLog } from "../../../../server/gateway/events/event-log.ts";
import { Finalizer } from "../../../../server/gateway/results/finalizer.ts";
import { Corrections } from "../../../../server/gateway/speakers/corrections.ts";
import { SpeakerBook } from "../../../../server/gateway/speakers/speaker-book.ts";
import { UtteranceStore } from "../../../../server/gateway/speakers/utterance-store.ts";
import { Utterances } from "../../../../server/gateway/speakers/utterances.ts";
import { WindowStore } from "../../../../server/gateway/speakers/window-store.ts";
import type { StorageLimits } from "../../../../server/gateway/tracks/keep.ts";
import { Tracks } from "../../../../server/gateway/tracks/tracks.ts";
import type { Database } from "../../../../server/shared/lib/sql.ts";

export const sha256: Sha256 = (bytes) => createHash("sha256").update(bytes).digest();

export interface Engine {
  readonly db: Database;
  readonly store: SessionStore;
  readonly windows: WindowStore;
  readonly tracks: Tracks;
  readonly events: EventLog;
  readonly speakers: SpeakerBook;
  readonly corrections: Corrections;
  readonly utterances: Utterances;
  readonly finalizer: Finalizer;
}

const notHere = (): Promise<never> => Promise.reject(new Error("this engine stores nothing in R2"));

const notNow = (): never => {
  throw new Error("this engine stores nothing in R2");
};

/** Opens the engine as a room that wakes does: all it knows is in the database. */
export function openEngine(db: Database, limits: Partial<StorageLimits> = {}): Engine {
  migrate(db);
  const store = new SessionStore(db, { auto: false, window_chunks: 4 });
  const windows = new WindowStore(db);
  const tracks = new Tracks(db, sha256, limits, windows);
  const events = new EventLog(db);
  const speakers = new SpeakerBook(db, events);
  const onCommit = (): void => store.touch();
  const corrections = new Corrections({ db, speakers, events, tracks, windows, onCommit });
  const utterances = new Utterances({ db, tracks, events, speakers, store: new UtteranceStore(db), onCommit });
  const finalizer = new Finalizer({
    db,
    store,
    tracks,
    events,
    versions: { begin: notNow, first: undefined, write: notHere, setStored: notNow },
    session: { tenant: "default", sessionId: "s" },
    archiver: { drain: notHere },
    resolver: { idle: notHere },
    autoResolver: { run: notHere, hasWork: false, progressAt: 0, giveUpRemaining: () => {} },
    wavs: { run: notHere, steps: 0 },
    random: Math.random,
    wakeAt: () => {},
    onFrozen: () => {},
    onFinalized: () => {},
  });
  return { db, store, windows, tracks, events, speakers, corrections, utterances, finalizer };
}
