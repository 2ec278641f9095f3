/**
 * Finalize, as steps that each bear repeating: freeze → drain → seal → audio → write → done. The step it is at is
 * in SQLite, and the room's alarm runs it again after a crash (F1).
 *
 *   freeze  status `finalizing`: no new chunk, no new resolve by hand (F2)
 *   drain   every window is resolved, or given up on the record once none got through for a while; every chunk
 *           is in R2
 *   seal    the last event and the time of the result are fixed; nothing moves after this
 *   audio   each track is one WAV in R2
 *   write   `result.json`, the same bytes however often
 *   done    status `finalized`
 */
import type { FinalizeAnswer, FinalizeBody, FinalizePending } from "../../../schemas/http/finalize.ts";
import type { Result } from "../../../schemas/lib/result.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import type { Archiver } from "../archive/archiver.ts";
import { resultKey } from "../archive/keys.ts";
import type { WavAssembler } from "./wav/wav-assembler.ts";
import type { Tracks } from "../tracks/tracks.ts";
import { hasEnded } from "../tracks/track-plan.ts";
import type { Database } from "../../shared/lib/sql.ts";
import type { SessionName } from "../core/session-name.ts";
import type { EventLog } from "../events/event-log.ts";
import type { SessionStore } from "../core/session-store.ts";
import type { AutoResolver } from "../speakers/resolve-windows.ts";
import type { Resolver } from "../speakers/resolve-queue.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { describeError, log, type LogFields } from "../../shared/telemetry/log.ts";
import { timed } from "../../shared/telemetry/timed.ts";
import { coverage } from "../tracks/coverage.ts";
import type { VersionRow } from "./versions/version-store.ts";
import type { Versions } from "./versions/versions.ts";
import { Freeze, type FinalizeRefusal } from "./freeze.ts";

/** A room that dies in the middle is woken this soon to go on. */
const backstopMs = 5_000;
/** How long the alarm leaves alone what failed or has to wait, longer each time nothing came of it. */
const retry = { firstMs: 5_000, maxMs: 60_000 } as const;
/** How long finalize waits for a speaker-resolve service that gets nothing done. */
const resolvePatienceMs = 60_000;

export type FinalizeOutcome =
  | { readonly done: true; readonly answer: FinalizeAnswer }
  | { readonly done: false; readonly answer: FinalizePending };

/** Why there is no result yet: nobody asked for it, or it is being made. */
export type NotFinalized = "not_finalized" | { readonly reason: "being_finalized"; readonly retryAfterMs: number };

export interface FinalizerDeps {
  readonly session: SessionName;
  readonly db: Database;
  readonly tracks: Tracks;
  readonly events: EventLog;
  readonly versions: Pick<Versions, "begin" | "first" | "write" | "setStored">;
  readonly store: SessionStore;
  readonly archiver: Pick<Archiver, "drain">;
  readonly resolver: Pick<Resolver, "idle">;
  readonly autoResolver: Pick<AutoResolver, "run" | "hasWork" | "progressAt" | "giveUpRemaining">;
  readonly wavs: Pick<WavAssembler, "run" | "steps">;
  readonly random: () => number;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  /** See `FreezeDeps`. */
  readonly onFrozen: () => void;
  /** The result can be fetched now. Called in the step that notes it. */
  readonly onFinalized: () => void;
}

export class Finalizer {
  readonly #deps: FinalizerDeps;
  readonly #flight = new SingleFlight(() => this.#steps());
  readonly #freeze: Freeze;
  readonly #cooldown: Cooldown;
  /** How far the last run had come. */
  #cameTo = "";

  constructor(deps: FinalizerDeps) {
    this.#deps = deps;
    this.#freeze = new Freeze(deps);
    this.#cooldown = new Cooldown({ ...retry, now: deps.db.now, random: deps.random });
  }

  /** Freezes the session, or has it wait for what may still come (F4). */
  begin(body: FinalizeBody, isAutomatic = false): Result<undefined, FinalizeRefusal> {
    const { db, store, wakeAt } = this.#deps;
    const begun = this.#freeze.begin(body, isAutomatic);
    if (begun.ok && store.status !== "finalized") wakeAt(this.#freeze.waitsUntil ?? db.now() + backstopMs);
    return begun;
  }

  /** Until when the session stays open for what may still come, ms since 1970; undefined while it waits for nothing. */
  get waitsUntil(): number | undefined {
    return this.#freeze.waitsUntil;
  }

  /** A chunk was stored, or a track has ended: perhaps the last that was waited for. */
  moved(): void {
    if (this.#freeze.isDue) void this.run();
  }

  /** Takes a begun finalize as far as it goes now; joins the run under way. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  /** What is said of a result that is not there yet. */
  notFinalized(): NotFinalized {
    const { db, store } = this.#deps;
    if (!store.finalizing) return "not_finalized";
    const waitsUntil = this.waitsUntil ?? Math.max(this.#cooldown.until, db.now() + backstopMs);
    return { reason: "being_finalized", retryAfterMs: Math.max(1_000, waitsUntil - db.now()) };
  }

  /** What finalize answers its caller at this moment. */
  outcome(): FinalizeOutcome {
    const { store, session, tracks, events } = this.#deps;
    const sealedAt = store.finalizing?.sealed_at;
    if (store.status !== "finalized" || !sealedAt) {
      return {
        done: false,
        answer: {
          session_id: session.sessionId,
          status: store.isOpen ? "open" : "finalizing",
          pending_chunks: tracks.pendingChunks,
          ...leftOpen(tracks),
        },
      };
    }
    return {
      done: true,
      answer: {
        session_id: session.sessionId,
        result_key: resultKey(session),
        event_count: events.count,
        finalized_at: new Date(sealedAt).toISOString(),
        coverage: coverage(tracks.rows()),
        ...leftOpen(tracks),
      },
    };
  }

  async #steps(): Promise<void> {
    const { db, store, archiver, tracks, versions, wavs, wakeAt, session } = this.#deps;
    try {
      db.transaction(() => this.#freeze.freezeIfDue());
      const graceUntil = this.#freeze.waitsUntil;
      if (graceUntil !== undefined) return wakeAt(graceUntil);
      if (store.status !== "finalizing") return;
      const drained = Promise.all([this.#drainResolves(), archiver.drain()]);
      const [isResolved] = await timed("finalize_step", this.#about("drain"), () => drained);
      if (store.isGone) return;
      if (isResolved && tracks.pendingChunks === 0) {
        const sealed = this.#seal();
        // A long meeting takes several runs, one right after the other.
        const isWhole = await timed("finalize_step", this.#about("audio"), () => wavs.run());
        if (!isWhole) return wakeAt(db.now());
        const result = await timed("finalize_step", this.#about("write"), () => versions.write(sealed));
        db.transaction(() => {
          versions.setStored(sealed, result);
          store.status = "finalized";
          this.#deps.onFinalized();
        });
        return;
      }
    } catch (cause) {
      // What is being deleted takes no more writes.
      if (store.isGone) return;
      log.error("finalize.step_failed", { session_id: session.sessionId, error: describeError(cause) });
    }
    wakeAt(this.#nextTryAt());
  }

  #about(step: "drain" | "audio" | "write"): LogFields {
    const { tenant, sessionId: session_id } = this.#deps.session;
    return { tenant, session_id, step };
  }

  /** Later each time, unless something moved since the run before; no later than patience with speaker resolve ends. */
  #nextTryAt(): number {
    const { autoResolver, db, store, tracks, wavs } = this.#deps;
    const at = [tracks.pendingChunks, autoResolver.progressAt, store.finalizing?.sealed_at ?? 0, wavs.steps].join();
    if (at !== this.#cameTo) this.#cooldown.succeeded();
    this.#cameTo = at;
    const triedAgainAt = db.now() + this.#cooldown.failed();
    if (store.finalizing?.sealed_at != null || !autoResolver.hasWork) return triedAgainAt;
    return Math.min(triedAgainAt, Math.max(db.now() + 1, this.#resolveWaitsSince() + resolvePatienceMs));
  }

  #resolveWaitsSince(): number {
    return Math.max(this.#deps.store.finalizing?.begun_at ?? 0, this.#deps.autoResolver.progressAt);
  }

  /** @returns whether nothing is left to resolve. */
  async #drainResolves(): Promise<boolean> {
    const { db, store, resolver, autoResolver } = this.#deps;
    if (store.finalizing?.sealed_at != null) return true;
    await resolver.idle();
    await autoResolver.run();
    if (autoResolver.hasWork && db.now() - this.#resolveWaitsSince() >= resolvePatienceMs) {
      autoResolver.giveUpRemaining("speaker resolve did not answer before the session was finalized");
    }
    // One that began meanwhile must end before the seal.
    await resolver.idle();
    return !autoResolver.hasWork;
  }

  /** Fixes the last event of the first version, and what it is made of. @returns that version. */
  #seal(): VersionRow {
    const { db, store, events, versions } = this.#deps;
    const record = store.finalizing;
    if (!record) throw new Error("finalize: no request is recorded");
    return db.transaction(() => {
      if (record.sealed_at === null) {
        store.finalizing = { ...record, sealed_at: db.now() };
        events.append({ type: "session.finalized", by: "room" });
        store.touch();
      }
      // One that an earlier version of the gateway sealed has none yet.
      return versions.first ?? versions.begin();
    });
  }
}

function leftOpen(tracks: Tracks): Pick<FinalizeAnswer, "missing" | "not_ended"> {
  const entries = tracks.rows().map(({ track }) => [track, tracks.missing(track)] as const);
  return {
    missing: Object.fromEntries(entries.filter(([, missing]) => missing.length > 0)),
    not_ended: tracks.rows().flatMap((trackRow) => (hasEnded(trackRow) ? [] : [trackRow.track])),
  };
}
