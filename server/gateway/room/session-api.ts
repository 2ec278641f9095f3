/** What the Worker's routes can ask of a session: one method a question. Knows no sockets and no platform. */
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { RoomEvent } from "../../../schemas/speech/events.ts";
import type { ResultVersions } from "../../../schemas/http/versions.ts";
import type { EventsPage } from "../../../schemas/http/events.ts";
import type { FinalizeBody } from "../../../schemas/http/finalize.ts";
import type { RebuiltSession } from "../../../schemas/http/rebuild.ts";
import type { Session, SessionAnswer, SessionConfig, SessionState } from "../../../schemas/http/sessions.ts";
import type { ResolveBody } from "../../../schemas/speech/speakers.ts";
import type { SpokenTurns } from "../../../schemas/speech/spoken-turns.ts";
import type { HeardStretch, PostedUtterance } from "../../../schemas/speech/utterances.ts";
import type { Delivery } from "../../../schemas/webhooks.ts";
import type { WavPlan } from "../results/wav/wav-plan.ts";
import { maxSecondsPerAsk } from "../results/wav/wav-reader.ts";
import type { KeptChunk } from "../tracks/kept-chunks.ts";
import type { DeletionOutcome } from "../lifecycle/deleter.ts";
import { type AfterBeyondLog, type EventsSlice, type SliceAsk, sliceAskSchema } from "../events/event-slice.ts";
import type { Meeting, MeetingOutline } from "../results/exports/meeting.ts";
import { type OutlineAsk, outlineAskSchema } from "../results/gaps.ts";
import type { LocatedResult } from "../results/versions/versions.ts";
import type { FinalizeOutcome, NotFinalized } from "../results/finalizer.ts";
import type { FinalizeRefusal } from "../results/freeze.ts";
import type { CorrectionRefusal } from "../speakers/corrections.ts";
import type { Resolved, ResolveFailure } from "../speakers/resolve-queue.ts";
import type { AddedUtterances } from "../speakers/utterances.ts";
import { type KeyedRequest, ofEarlierWorker } from "../core/idempotent-requests.ts";
import { applyCorrection, type Correction } from "./apply-correction.ts";
import type { ConfigureRefusal } from "./configure-refusal.ts";
import { forAWhile } from "./for-a-while.ts";
import type { Room } from "./room.ts";
import type { ListedFacts } from "../recovery/restore-room.ts";
import type { Rooms } from "./rooms.ts";
import { metadataChars } from "./settings.ts";

/** A method that rejects has met a bug: the room then starts anew. */
export class SessionApi {
  readonly #rooms: Rooms;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** Whether the session was ever opened. Creates nothing. */
  exists(): boolean {
    return this.#rooms.existing() !== undefined;
  }

  /** @returns undefined for a session never opened. Creates nothing. */
  describe(): SessionState | undefined {
    return this.#rooms.existing()?.view.describe();
  }

  /** Opens the session if need be. */
  async resolve(
    body: ResolveBody,
    /** For rooms of an earlier version, and from Workers of one. */
    idempotencyKey?: string,
    subject?: string,
    asked: KeyedRequest | undefined = ofEarlierWorker(idempotencyKey),
  ): Promise<Result<Resolved, ResolveFailure | "too_many_sessions">> {
    if (!(await this.#isOrMayBeOpened())) return err("too_many_sessions");
    return this.#rooms.open().speakers.resolver.resolve(body, asked, subject);
  }

  /** Begins finalize, or joins it, and waits for its end for a while. */
  async finalize(body: FinalizeBody): Promise<Result<FinalizeOutcome, FinalizeRefusal | "session_not_found">> {
    const room = this.#rooms.existing();
    if (!room) return err("session_not_found");
    const begun = room.results.finalizer.begin(body);
    if (!begun.ok) return begun;
    await forAWhile(room.results.finalizer.run());
    return ok(room.results.finalizer.outcome());
  }

  /** Begins to delete all of the session, or joins that, and waits for its end for a while. Asked of a deleted one too. */
  async remove(): Promise<Result<DeletionOutcome, "session_not_found">> {
    const room = this.#rooms.existing();
    if (!room) return err("session_not_found");
    const { deleter } = room.lifecycle;
    room.lifecycle.beginDeletion("request");
    if (room.core.store.status === "deleting") await forAWhile(deleter.run());
    return ok(deleter.outcome());
  }

  isGone(): boolean {
    return this.#rooms.existing()?.core.status.isGone ?? false;
  }

  /** Where a version of the result lies, once there is one. @param version the newest where none is named. */
  locateResult(version?: number): Result<LocatedResult, "session_not_found" | "version_not_found" | NotFinalized> {
    return this.#inExisting<LocatedResult, "version_not_found" | NotFinalized>(({ core: { store }, results }) => {
      if (store.status !== "finalized") return err(results.finalizer.notFinalized());
      const located = results.versions.locate(version);
      return located ? ok(located) : err("version_not_found");
    });
  }

  /** Makes a version anew that R2 lost, or has with other bytes. @returns whether it lies there now. */
  async restoreResult(version: number): Promise<Result<boolean, "session_not_found">> {
    const room = this.#rooms.existing();
    return room ? ok(await room.results.restore(version)) : err("session_not_found");
  }

  /** All versions of the result that can be fetched. */
  listResults(): Result<ResultVersions, "session_not_found" | NotFinalized> {
    return this.#inExisting(({ core: { session, store }, results: { finalizer, versions } }) =>
      store.status === "finalized"
        ? ok({ session_id: session.sessionId, versions: versions.list(), is_pending: versions.isPending })
        : err(finalizer.notFinalized()),
    );
  }

  /** Opens a session with its settings. One that is open already must have been given the same. */
  async create(
    config: SessionConfig,
  ): Promise<Result<SessionAnswer & { isNew: boolean }, ConfigureRefusal | "too_many_sessions">> {
    if (!(await this.#isOrMayBeOpened())) return err("too_many_sessions");
    const known = this.#rooms.existing();
    if (known && !known.settings.match(config)) return err("session_exists");
    if (known) return ok({ ...known.settings.shown(), isNew: false });
    // Before anything is opened.
    if (metadataChars(config.metadata) > limits.maxMetadataChars) return err("metadata_too_large");
    const { settings } = this.#rooms.open((room) => room.settings.setUp(config));
    return ok({ ...settings.shown(), isNew: true });
  }

  /** Writes the session's row of the list anew; a room whose storage is lost is first made of what R2 has. */
  async rebuild(listed?: ListedFacts): Promise<Pick<RebuiltSession, "outcome" | "lost">> {
    const lost = this.exists() ? undefined : await this.#rooms.rebuild(listed);
    const room = lost === "unread" ? undefined : this.#rooms.existing();
    if (lost === "unread" || (room && !(await room.lifecycle.list()))) return { outcome: "failed", lost: [] };
    if (!room) return { outcome: "absent", lost: [] };
    return lost ? { outcome: "rebuilt", lost: [...lost] } : { outcome: "listed", lost: [] };
  }

  /** The settings that hold, and what there is of the session. */
  session(): Result<Session, "session_not_found"> {
    return this.#inExisting(({ settings, lifecycle }) => ok({ ...settings.shown(), ...lifecycle.describe() }));
  }

  configure(config: SessionConfig): Result<SessionAnswer, ConfigureRefusal> {
    return this.#inExisting(({ settings }) => settings.configure(config));
  }

  /** @param subject who posts them; absent where a Worker of an earlier version asks. */
  addUtterances(posted: readonly PostedUtterance[], subject?: string): Result<AddedUtterances, "session_not_found"> {
    return this.#inExisting(({ core: { events }, speakers }) =>
      ok(events.onBehalfOf(subject, () => speakers.utterances.add(posted))),
    );
  }

  /** What a model heard in a stretch of a track. @param subject on whose behalf. */
  hear(stretch: HeardStretch, subject: string): Result<AddedUtterances, "session_not_found"> {
    return this.#inExisting(({ core: { events }, speakers }) =>
      ok(events.onBehalfOf(subject, () => speakers.utterances.hear(stretch))),
    );
  }

  /**
   * The events after one, at most `limit`. A Worker that can read it gets a slice, unread; one of before December 2026 asks for
   * none, and gets a page.
   */
  events(
    after: number,
    limit: number,
    ask?: SliceAsk,
  ): Result<EventsPage | EventsSlice, "session_not_found" | AfterBeyondLog> {
    return this.#inExisting<EventsPage | EventsSlice, AfterBeyondLog>(({ core: { events } }) => {
      if (after > events.count) return err({ reason: "after_beyond_log", eventCount: events.count });
      const asked = sliceAskSchema.safeParse(ask);
      if (asked.success) return ok(events.slice(after, limit, asked.data));
      const page = events.page(after, limit);
      const next_after = page.at(-1)?.event_id ?? after;
      return ok({ events: page, next_after, has_more: next_after < events.count });
    });
  }

  /**
   * What exports are made of: all of the meeting, or one track of it. A Worker that reads the log by itself asks for the
   * outline; one of before December 2026 does not, and gets the whole at once.
   */
  meeting(
    track: string | undefined,
    ask?: OutlineAsk,
  ): Result<Meeting | MeetingOutline, "session_not_found" | "track_not_found"> {
    return this.#inExisting<Meeting | MeetingOutline, "track_not_found">(({ view }) => {
      if (track !== undefined && !view.hasTrack(track)) return err("track_not_found");
      const asked = outlineAskSchema.safeParse(ask);
      return ok(asked.success ? view.outline(track, asked.data.gaps_from ?? undefined) : view.meeting(track));
    });
  }

  /** What a WAV of a track holds now, and where; `toMs` may be infinite. */
  planWav(
    track: string | undefined,
    fromMs: number,
    toMs: number,
  ): Result<WavPlan, "session_not_found" | "track_not_found"> {
    return this.#inExisting(({ view }) => {
      const plan = view.planWav(track, fromMs, toMs);
      return plan ? ok(plan) : err("track_not_found");
    });
  }

  /** The kept chunks of a few seconds, with the bytes of those that R2 lacks. */
  keptChunks(track: string, from: number, to: number): Result<KeptChunk[], "session_not_found"> {
    return this.#inExisting(({ tracks }) =>
      ok(tracks.kept.within(track, from, Math.min(to, from + maxSecondsPerAsk - 1))),
    );
  }

  /** Who speaks in a stretch of a track, as far as it is resolved. */
  turnsBetween(track: string, fromMs: number, toMs: number): Result<SpokenTurns, "session_not_found"> {
    return this.#inExisting(({ speakers }) => ok(speakers.turnsBetween(track, fromMs, toMs)));
  }

  correct(correction: Correction, subject?: string): Result<RoomEvent[], CorrectionRefusal | "session_not_found"> {
    return this.#inExisting(({ core: { events }, speakers: { corrections } }) =>
      events.onBehalfOf(subject, () => applyCorrection(corrections, correction)),
    );
  }

  /** Takes back what an event says of the speakers, or of where a track begins. */
  undo(eventId: number, subject?: string): Result<RoomEvent[], CorrectionRefusal | "session_not_found"> {
    return this.#inExisting(({ core: { events }, speakers: { corrections } }) =>
      events.onBehalfOf(subject, () => corrections.undo(eventId)),
    );
  }

  /** The session's webhooks, newest first; after finalize too. */
  deliveries(): Result<Delivery[], "session_not_found"> {
    return this.#inExisting((room) => ok(room.webhooks.deliveries()));
  }

  /** Has a webhook sent that says nothing but that it comes. */
  testWebhook(): Result<Delivery, "session_not_found" | "no_webhook_url"> {
    return this.#inExisting((room) => {
      const delivery = room.webhooks.test();
      return delivery ? ok(delivery) : err("no_webhook_url");
    });
  }

  /** Tries a webhook again now. */
  resendDelivery(deliveryId: string): Result<Delivery, "session_not_found" | "delivery_not_found"> {
    return this.#inExisting((room) => {
      const delivery = room.webhooks.resend(deliveryId);
      return delivery ? ok(delivery) : err("delivery_not_found");
    });
  }

  /** Opens windows again that speaker resolve gave up; after finalize their answers are in the next version of the result. */
  retryResolves(track: string | undefined): Result<number, "session_not_found" | "track_not_found" | "log_full"> {
    return this.#inExisting<number, "track_not_found" | "log_full">(({ core: { events }, speakers, view }) => {
      if (track !== undefined && !view.hasTrack(track)) return err("track_not_found");
      // They would be given up again at once.
      return events.isFull ? err("log_full") : ok(speakers.autoResolver.retryFailed(track));
    });
  }

  /** Has tracks of a finalized session looked at again: what comes of it is in the next version of the result. */
  reviewSpeakers(
    track: string | undefined,
  ): Result<string[], "session_not_found" | "track_not_found" | "log_full" | NotFinalized> {
    return this.#inExisting<string[], "track_not_found" | "log_full" | NotFinalized>(
      ({ core: { events, store }, results, speakers, view }) => {
        if (track !== undefined && !view.hasTrack(track)) return err("track_not_found");
        if (store.status !== "finalized") return err(results.finalizer.notFinalized());
        return events.isFull ? err("log_full") : ok(speakers.reviewer.ask(track));
      },
    );
  }

  async #isOrMayBeOpened(): Promise<boolean> {
    return this.exists() || (await this.#rooms.mayOpen());
  }

  #inExisting<T, E>(work: (room: Room) => Result<T, E>): Result<T, E | "session_not_found"> {
    const room = this.#rooms.existing();
    return room ? work(room) : err("session_not_found");
  }
}

export type SessionMethod = keyof SessionApi;
export type SessionAnswers = { [K in SessionMethod]: Awaited<ReturnType<SessionApi[K]>> };
