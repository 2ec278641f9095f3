/**
 * The second look at who speaks, once a session is finalized (R16–R19): one track at a time, from the alarm, never in the way of an ack
 * or of a finalize. Which tracks wait stands in SQLite, and an answer is one commit with the row that says so: no crash loses a track or
 * says a turn twice. A try counts from its beginning, so that one that kills the room is not made for ever.
 */
import { SingleFlight } from "../../../../schemas/lib/single-flight.ts";
import { backoffMs } from "../../../../schemas/lib/backoff.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { ReviewStatus } from "../../../../schemas/http/sessions.ts";
import type { ReviewSegment } from "../../../../schemas/speech/review.ts";
import type { RoomEvent } from "../../../../schemas/speech/events.ts";
import { standingStretches } from "../../../../schemas/speech/stretches.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import { runInSlices } from "../../../shared/lib/run-in-slices.ts";
import { giveWay } from "../../../shared/lib/wait.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { ChunkLostError } from "../../archive/chunk-reader.ts";
import type { Hold } from "../../core/hold.ts";
import type { EventLog } from "../../events/event-log.ts";
import type { Tracks } from "../../tracks/tracks.ts";
import type { SpeakerBook } from "../speaker-book.ts";
import type { WindowStore } from "../window-store.ts";
import { planReview } from "./plan-review.ts";
import type { Review, ReviewFailure } from "./review-client.ts";
import type { ReviewRow, ReviewStore } from "./review-store.ts";

/** A room that dies in the middle is woken this soon to go on. */
const backstopMs = 60_000;
/** When a track whose try failed is tried again, and how often: an hour together. */
const retry = { firstMs: 5_000, maxMs: 600_000, least: "half" } as const;
const maxTries = 10;
/** How long a service that has much to do is waited for. */
const maxBusyMs = 86_400_000;
const leastMs = 100;
const pageEvents = 500;
/** A log that goes on moving while it is read is looked at again so often. */
const maxLooks = 5;
const logFullDetail = "the session's event log is full";

/** All of a track, to be read once. */
export interface TrackAudio {
  /** Rounded up. */
  readonly durationMs: number;
  /** s16le, 16 kHz, mono. */
  readonly open: () => ReadableStream<Uint8Array>;
  /** Why the stream failed; undefined while it did not. */
  readonly lost: unknown;
}

export interface ReviewerDeps {
  readonly db: Database;
  readonly sessionId: string;
  readonly store: ReviewStore;
  readonly tracks: Tracks;
  readonly windows: Pick<WindowStore, "hear">;
  readonly events: EventLog;
  readonly speakers: SpeakerBook;
  /** Undefined where no service is set up. */
  readonly review: Review | undefined;
  /** All of a track. */
  readonly audio: (track: string) => TrackAudio;
  /** Whether tracks are looked at again though nobody asked. */
  readonly isByItself: () => boolean;
  readonly isFinalized: () => boolean;
  readonly isGone: () => boolean;
  readonly wakeAt: (at: number) => void;
  /** Called inside the committing step. */
  readonly onCommit: () => void;
  readonly random: () => number;
  readonly hold: Pick<Hold, "over">;
  /** What this did not expect: memory may then differ from storage, and the room must start anew. */
  readonly onFailure: (cause: unknown) => void;
}

export class Reviewer {
  readonly #deps: ReviewerDeps;
  readonly #flight = new SingleFlight(() => this.#loop().catch(this.#deps.onFailure));
  /** Of the call that is under way. */
  #ending: AbortController | undefined;

  constructor(deps: ReviewerDeps) {
    this.#deps = deps;
  }

  /** The session's status is another one. May be called in a transaction. */
  statusChanged(): void {
    const { isByItself, isFinalized, isGone, store } = this.#deps;
    if (isGone()) this.#ending?.abort();
    // Once, however often it is said.
    else if (isFinalized() && isByItself() && store.rows().length === 0) this.ask(undefined);
  }

  /** Has a track, or all of them, looked at again; what waits already goes on, at once. @returns the tracks. */
  ask(track: string | undefined): string[] {
    const { db, store, tracks, wakeAt } = this.#deps;
    const asked = tracks.rows().filter((row) => row.received_chunks > 0 && (track ?? row.track) === row.track);
    const now = db.now();
    db.transaction(() => {
      for (const row of asked) {
        const before = store.find(row.track);
        const asked_at = before?.status === "waiting" ? before.asked_at : now;
        store.save({ track: row.track, status: "waiting", asked_at, attempts: 0, due_at: now, detail: null });
      }
    });
    if (asked.length > 0) wakeAt(now);
    return asked.map((row) => row.track);
  }

  /** What `state` says of it. */
  statuses(): ReviewStatus[] {
    const { events, speakers, store } = this.#deps;
    const isUndone = (track: string): boolean =>
      speakers.view.undone.has(events.lastOf("resolve.reviewed", track)?.event_id ?? 0);
    return store.rows().map(({ track, status, asked_at, detail }) => ({
      track,
      status: status === "done" && isUndone(track) ? "undone" : status,
      asked_at: new Date(asked_at).toISOString(),
      ...(detail === null ? {} : { detail }),
    }));
  }

  /** Looks at what is due, joining the run under way; what is not due gets the alarm. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  async #loop(): Promise<void> {
    const { db, hold, isFinalized, isGone, store, wakeAt } = this.#deps;
    for (;;) {
      const row = isFinalized() ? store.next() : undefined;
      if (!row) return;
      if (row.due_at > db.now()) return wakeAt(row.due_at);
      wakeAt(db.now() + backstopMs);
      await hold.over(isGone);
      if (!isGone()) await this.#one(row);
    }
  }

  async #one(row: ReviewRow): Promise<void> {
    const { review, store, events } = this.#deps;
    if (!review) return this.#giveUp(row, "no service is set up that looks at a track again");
    if (events.isFull) return this.#giveUp(row, logFullDetail);
    const audio = this.#deps.audio(row.track);
    if (audio.durationMs < leastMs) return this.#giveUp(row, "the track is too short");
    if (audio.durationMs > limits.maxReviewSeconds * 1_000)
      return this.#giveUp(row, `the track is longer than ${limits.maxReviewSeconds} s`);
    store.save({ ...row, attempts: row.attempts + 1 });
    const outcome = await this.#call(review, audio);
    if (this.#deps.isGone()) return;
    const { lost } = audio;
    if (outcome.ok) return this.#take(row, outcome.value);
    if (lost !== undefined) {
      log.warn("review.audio_unavailable", { track: row.track, error: describeError(lost) });
      // What R2 lacks now it may have again: a bucket's folder that was away, an object that was put back.
      const detail = lost instanceof ChunkLostError ? "its audio is lost in R2" : "its audio can't be read";
      return this.#failed(row, { reason: "failed", detail });
    }
    this.#failed(row, outcome.error);
  }

  async #call(review: Review, { durationMs, open }: TrackAudio): ReturnType<Review> {
    const ending = new AbortController();
    this.#ending = ending;
    try {
      return await review({ sessionId: this.#deps.sessionId, audio: open(), durationMs, signal: ending.signal });
    } finally {
      // What nobody reads any more is read from R2 no further.
      ending.abort();
      this.#ending = undefined;
    }
  }

  /** Makes the answer the log's, in one commit with all that follows from it. */
  async #take({ track, asked_at }: ReviewRow, segments: readonly ReviewSegment[]): Promise<void> {
    const { db, events, isGone, onCommit, speakers, store, tracks, windows } = this.#deps;
    for (let looks = 1; ; looks += 1) {
      const eventCount = events.count;
      const turns = await this.#turnsUpTo(eventCount);
      const standing = (await runInSlices(standingStretches(turns, speakers.view))).get(track) ?? [];
      const row = store.find(track);
      if (isGone() || row?.status !== "waiting" || row.asked_at !== asked_at) return;
      // Somebody said something meanwhile, which counts.
      if (events.count !== eventCount && looks < maxLooks) continue;
      if (events.count !== eventCount) return this.#failed(row, { reason: "failed", detail: "the log does not rest" });
      const plan = planReview({
        track,
        lastSeq: tracks.row(track)?.last_seq ?? 0,
        segments,
        standing,
        view: speakers.view,
        clusters: speakers.stored().clusters,
        idsOfTurns: turns.flatMap(({ cluster_id }) => cluster_id ?? []),
        eventCount,
      });
      if (!plan.ok) return this.#giveUp(row, plan.error);
      if (!events.hasRoomFor(plan.value.events)) return this.#giveUp(row, logFullDetail);
      db.transaction(() => {
        speakers.revise(plan.value);
        // What was given up was heard by now.
        windows.hear(track);
        store.save({ ...row, status: "done", detail: null });
        onCommit();
      });
      return;
    }
  }

  async #turnsUpTo(count: number): Promise<RoomEvent[]> {
    const turns: RoomEvent[] = [];
    for (let after = 0; after < count; after += pageEvents) {
      for (const event of this.#deps.events.page(after, Math.min(pageEvents, count - after)))
        if (event.type === "speaker.resolved") turns.push(event);
      await giveWay();
    }
    return turns;
  }

  #failed({ track }: ReviewRow, { reason, detail, retryAfterMs }: ReviewFailure): void {
    const { db, random, store } = this.#deps;
    const row = store.find(track);
    if (row?.status !== "waiting") return;
    log.warn("review.failed", { track, attempts: row.attempts, detail });
    const now = db.now();
    if (reason === "busy" && now - row.asked_at < maxBusyMs) {
      // It was no try: the service has others to hear first.
      const due_at = now + Math.max(retryAfterMs ?? 0, retry.firstMs * (1 + random()));
      store.save({ ...row, attempts: Math.max(0, row.attempts - 1), due_at, detail });
      return;
    }
    if (reason === "refused" || reason === "busy" || row.attempts >= maxTries) return this.#giveUp(row, detail);
    store.save({ ...row, due_at: now + backoffMs(retry, Math.max(1, row.attempts), random()), detail });
  }

  #giveUp(row: ReviewRow, detail: string): void {
    const { db, events, isGone, store } = this.#deps;
    if (isGone()) return;
    db.transaction(() => {
      store.save({ ...row, status: "failed", detail });
      if (!events.isSpent) events.append({ type: "resolve.review_failed", track: row.track, detail, by: "room" });
    });
  }
}
