/** What a session is at this moment, as its readers need it: its state, its meeting, its audio. Reads only. */
import type { SessionState } from "../../schemas/http.ts";
import { timelineOf } from "../../schemas/timeline.ts";
import { transcriptOf } from "../../schemas/transcript.ts";
import type { SessionName } from "../archive/keys.ts";
import { planWav, type WavPlan } from "../audio/wav-plan.ts";
import type { WavStore } from "../audio/wav-store.ts";
import type { Meeting } from "../exports/meeting.ts";
import type { EventLog } from "../journal/event-log.ts";
import type { Journal } from "../journal/journal.ts";
import type { SessionStore } from "../journal/session-store.ts";
import { gapsOf } from "../results/build-result.ts";
import { ingestStatus } from "../results/track-status.ts";
import type { SpeakerBook } from "../speakers/speaker-book.ts";

export interface SessionViewSources {
  readonly session: SessionName;
  readonly store: SessionStore;
  readonly journal: Journal;
  readonly events: EventLog;
  readonly speakers: SpeakerBook;
  readonly wavs: WavStore;
}

export class SessionView {
  readonly #sources: SessionViewSources;

  constructor(sources: SessionViewSources) {
    this.#sources = sources;
  }

  /** The session's status, its speakers, and how far each track is. */
  describe(): SessionState {
    const { session, store, journal, events, speakers } = this.#sources;
    const ingest = ingestStatus(session.sessionId, journal);
    const updates = Object.values(ingest.ingest_by_track).map(({ updated_at }) => Date.parse(updated_at ?? ""));
    const updatedAt = Math.max(store.updatedAt, ...updates.filter(Number.isFinite));
    return {
      session_id: session.sessionId,
      status: store.status,
      state: speakers.state(),
      event_count: events.count,
      updated_at: new Date(updatedAt).toISOString(),
      ...ingest,
    };
  }

  /** The meeting so far, as exports need it. @param track undefined for all of them. */
  meeting(track: string | undefined): Meeting {
    const { session, journal, events } = this.#sources;
    const log = events.all();
    const isWanted = (entry: { readonly track: string }): boolean => track === undefined || entry.track === track;
    const timeline = timelineOf(log).filter(isWanted);
    return {
      sessionId: session.sessionId,
      timeline,
      transcript: transcriptOf(log, timeline).filter(isWanted),
      gaps: journal
        .ledgers()
        .filter(isWanted)
        .flatMap((ledger) => gapsOf(journal, ledger.track)),
    };
  }

  /** What a WAV of a track holds now; undefined for a track that was never opened. */
  planWav(track: string | undefined, fromMs: number, toMs: number): WavPlan | undefined {
    const { session, journal, wavs: store } = this.#sources;
    return planWav({ session, journal, store }, track, fromMs, toMs);
  }
}
