/** What a session is at this moment, as its readers need it: its state, its meeting, its audio. Reads only. */
import type { ReviewStatus, SessionState } from "../../../schemas/http/sessions.ts";
import { noOffsets, type Offsets, offsetsOf } from "../../../schemas/speech/axis.ts";
import { timelineOf } from "../../../schemas/speech/timeline.ts";
import { transcriptOf } from "../../../schemas/speech/transcript.ts";
import type { SessionName } from "../core/session-name.ts";
import { planWav, type WavPlan } from "../results/wav/wav-plan.ts";
import type { Versions } from "../results/versions/versions.ts";
import type { WavStore } from "../results/wav/wav-store.ts";
import type { Meeting, MeetingOutline } from "../results/exports/meeting.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Tracks } from "../tracks/tracks.ts";
import type { SessionStore } from "../core/session-store.ts";
import { firstGaps, gapPages, gapsFrom, type GapsPlace } from "../results/gaps.ts";
import { ingestStatus } from "../tracks/track-status.ts";
import type { SpeakerBook } from "../speakers/speaker-book.ts";

export interface SessionViewSources {
  readonly session: SessionName;
  readonly store: SessionStore;
  readonly tracks: Tracks;
  readonly events: EventLog;
  readonly speakers: SpeakerBook;
  readonly wavs: WavStore;
  readonly versions: Versions;
  /** Whether there are words or speakers of a track, though it may have no audio. */
  readonly knowsTrack: (track: string) => boolean;
  /** Tracks that were to be looked at again. */
  readonly reviews: () => ReviewStatus[];
}

export class SessionView {
  readonly #sources: SessionViewSources;

  constructor(sources: SessionViewSources) {
    this.#sources = sources;
  }

  /** The session's status, its speakers, and how far each track is. */
  describe(): SessionState {
    const { session, store, tracks, events, speakers, versions } = this.#sources;
    const result = store.status === "finalized" ? versions.describe() : undefined;
    const reviews = this.#sources.reviews();
    const ingest = ingestStatus(session.sessionId, tracks);
    const updates = Object.values(ingest.ingest_by_track).map(({ updated_at }) => Date.parse(updated_at ?? ""));
    const updatedAt = Math.max(store.updatedAt, ...updates.filter(Number.isFinite));
    return {
      session_id: session.sessionId,
      status: store.status,
      state: speakers.state(),
      event_count: events.count,
      updated_at: new Date(updatedAt).toISOString(),
      ...ingest,
      gaps: firstGaps(tracks),
      ...(reviews.length > 0 ? { reviews } : {}),
      ...(result ? { result } : {}),
    };
  }

  /** Whether the meeting has anything of a track: audio, words, or who spoke (U9). */
  hasTrack(track: string): boolean {
    const { tracks, knowsTrack } = this.#sources;
    return tracks.row(track) !== undefined || knowsTrack(track);
  }

  /** What a reader of the log needs besides it, at this moment. @param track undefined for all of them. */
  outline(track: string | undefined, gapsPlace: GapsPlace | undefined): MeetingOutline {
    const { session, tracks, events } = this.#sources;
    const names = tracks.rows().flatMap((row) => (track === undefined || row.track === track ? [row.track] : []));
    const { gaps, next } = gapsFrom(tracks, names, gapsPlace);
    const offsets = [...this.#offsets(track)];
    const event_count = events.count;
    const last_event_at = events.rows(event_count - 1, 1)[0]?.at ?? 0;
    return { session_id: session.sessionId, event_count, last_event_at, offsets, gaps, gaps_next: next ?? null };
  }

  /** The whole meeting so far at once, for Workers of before December 2026. @param track undefined for all of them. */
  meeting(track: string | undefined): Meeting {
    const { session, tracks, events } = this.#sources;
    const log = events.all();
    const isWanted = (entry: { readonly track: string }): boolean => track === undefined || entry.track === track;
    const timeline = timelineOf(log).filter(isWanted);
    const offsets = this.#offsets(track);
    return {
      sessionId: session.sessionId,
      timeline,
      transcript: transcriptOf(log, timeline, offsets).filter(isWanted),
      gaps: tracks
        .rows()
        .filter(isWanted)
        .flatMap((trackRow) => [...gapPages(tracks, trackRow.track)].flat()),
      offsets,
    };
  }

  /** What a WAV of a track holds now; undefined for a track that was never opened. */
  planWav(track: string | undefined, fromMs: number, toMs: number): WavPlan | undefined {
    const { session, tracks, wavs: store } = this.#sources;
    return planWav({ session, tracks, store }, track, fromMs, toMs);
  }

  /** One track alone has its own times. */
  #offsets(track: string | undefined): Offsets {
    const { tracks } = this.#sources;
    if (track !== undefined) return noOffsets;
    return offsetsOf(tracks.rows().map((row) => ({ track: row.track, ...tracks.origins.of(row.track) })));
  }
}
