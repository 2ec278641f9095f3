/**
 * When a session stops taking audio (F2, F4): what finalize was asked, what is still waited for, and the step that freezes it.
 * A wait that a caller asked for lasts until every track has ended with nothing missing, or until its time is over; asking
 * again can shorten it and never lengthens it, and it is not taken back. Knows nothing of what comes after the freeze.
 */
import type { FinalizeBody } from "../../../schemas/http/finalize.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { limits } from "../../../schemas/limits.ts";
import type { FinalizeReason } from "../../../schemas/speech/events.ts";
import { cached, type Cached } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { FinalizeRecord, SessionStore } from "../core/session-store.ts";
import type { EventLog } from "../events/event-log.ts";
import { mayEnd } from "../tracks/track-ends.ts";
import { expectedSeq, hasEnded, missingChunks } from "../tracks/track-plan.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { holdsAlready } from "./finalize-request.ts";

/** Why a finalize can't be taken; then nothing has changed. */
export type FinalizeRefusal =
  | { readonly reason: "too_many_tracks"; readonly maxTracks: number }
  | { readonly reason: "too_many_ends"; readonly track: string }
  | "finalize_metadata_too_large"
  | "finalized_otherwise";

export interface FreezeDeps {
  readonly db: Database;
  readonly store: SessionStore;
  readonly tracks: Tracks;
  readonly events: EventLog;
  /** The session takes no more audio. Called in the step that notes it. */
  readonly onFrozen: () => void;
}

export class Freeze {
  readonly #deps: FreezeDeps;
  readonly #graceUntil: Cached<number | undefined>;

  constructor(deps: FreezeDeps) {
    this.#deps = deps;
    this.#graceUntil = cached(deps.db, () =>
      deps.store.isOpened && deps.store.isOpen ? deps.store.finalizing?.grace_until : undefined,
    );
  }

  /** Until when the session stays open for what may still come, ms since 1970; undefined while it waits for nothing. */
  get waitsUntil(): number | undefined {
    return this.#graceUntil.get();
  }

  /** Whether the session waits, and nothing is left to wait for. */
  get isDue(): boolean {
    const graceUntil = this.#graceUntil.get();
    return graceUntil !== undefined && (this.#deps.db.now() >= graceUntil || this.#isComplete());
  }

  /**
   * Notes the request, and freezes the session unless it waits. One that is frozen takes a request that asks for nothing
   * new, and refuses any other: nothing of a request is dropped in silence.
   */
  begin(body: FinalizeBody, isAutomatic: boolean): Result<undefined, FinalizeRefusal> {
    const { db, events, store, tracks } = this.#deps;
    const before = store.finalizing;
    if (!store.isOpen) {
      const held = { ...store.config.metadata, ...before?.metadata };
      return holdsAlready(body, held, (track) => tracks.row(track)) ? ok(undefined) : err("finalized_otherwise");
    }
    const expected = Object.entries(body.expect ?? {});
    const newTracks = expected.filter(([track]) => !tracks.row(track)).length;
    if (tracks.rows().length + newTracks > tracks.maxTracks) {
      return err({ reason: "too_many_tracks", maxTracks: tracks.maxTracks });
    }
    const tooOften = expected.find(([track, lastSeq]) => !mayEnd(events, tracks.row(track), lastSeq, 0));
    if (tooOften) return err({ reason: "too_many_ends", track: tooOften[0] });
    const metadata = { ...before?.metadata, ...body.metadata };
    // It shares a row with finalize's own progress, which must always find room there.
    if (JSON.stringify(metadata).length > limits.maxFinalizeMetadataChars) return err("finalize_metadata_too_large");
    const grace_until = Math.min(db.now() + (body.grace_ms ?? 0), this.#graceUntil.get() ?? Number.POSITIVE_INFINITY);
    db.transaction(() => {
      for (const [track, lastSeq] of expected) this.#expect(track, lastSeq);
      store.finalizing = { metadata, begun_at: null, grace_until, sealed_at: null, is_automatic: isAutomatic };
      this.#graceUntil.set(grace_until);
      this.freezeIfDue(!body.grace_ms);
    });
    return ok(undefined);
  }

  /** Freezes a session that waits for nothing any more. Call in a transaction. @param isAsked it is to end now. */
  freezeIfDue(isAsked = false): void {
    const { db, store, events } = this.#deps;
    const record = store.finalizing;
    if (!store.isOpen || !record) return;
    if (!isAsked && db.now() < record.grace_until && !this.#isComplete()) return;
    const reason = this.#reasonOf(record, isAsked);
    store.status = "finalizing";
    store.finalizing = { ...record, begun_at: db.now() };
    store.touch();
    events.append({ type: "session.finalizing", reason, by: "room" });
    this.#graceUntil.set(undefined);
    this.#deps.onFrozen();
  }

  #reasonOf({ is_automatic }: FinalizeRecord, isAsked: boolean): FinalizeReason {
    if (is_automatic) return "idle";
    if (isAsked) return "asked";
    return this.#isComplete() ? "complete" : "grace_over";
  }

  /** A session of which no track is known yet may have a client that never got through: it is not complete. */
  #isComplete(): boolean {
    const trackRows = this.#deps.tracks.rows();
    return trackRows.length > 0 && trackRows.every((trackRow) => hasEnded(trackRow) && missingChunks(trackRow) === 0);
  }

  /** Notes a track's announced end. One that has more simply goes on; one that was never opened lacks it all. */
  #expect(track: string, lastSeq: number): void {
    const { tracks, events } = this.#deps;
    if (tracks.openTrack(track)) events.append({ type: "track.opened", track, by: "room" });
    const trackRow = tracks.row(track);
    if (!trackRow || expectedSeq(trackRow) > lastSeq || (hasEnded(trackRow) && trackRow.end_seq === lastSeq)) return;
    if (tracks.end(track, lastSeq, 0)) {
      events.append({ type: "track.ended", track, to_seq: lastSeq, padding_samples: 0, by: "room" });
    }
  }
}
