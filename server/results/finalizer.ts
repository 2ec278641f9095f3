/**
 * Finalize, as steps that each bear repeating: freeze → drain → seal → write → done. The step it is at is
 * in SQLite, and the room's alarm runs it again after a crash (F1).
 *
 *   freeze  status `finalizing`: no new chunk, no new resolve by hand (F2)
 *   drain   every window is resolved, or given up on the record once none got through for a while; every chunk
 *           is in R2
 *   seal    the last event and the time of the result are fixed; nothing moves after this
 *   write   `result.json`, the same bytes however often
 *   done    status `finalized`
 */
import type { FinalizeAnswer, FinalizeBody, FinalizePending } from "../../schemas/http.ts";
import { limits } from "../../schemas/limits.ts";
import { err, ok, type Result } from "../../schemas/result-type.ts";
import type { Archiver } from "../archive/archiver.ts";
import { resultKey } from "../archive/keys.ts";
import { expectedSeq } from "../journal/ledger.ts";
import type { Database } from "../lib/sql.ts";
import { withTimeout } from "../lib/timeout.ts";
import type { SessionStore } from "../journal/session-store.ts";
import type { AutoResolver } from "../speakers/auto-resolver.ts";
import type { Resolver } from "../speakers/resolver.ts";
import { describeError, log } from "../telemetry/log.ts";
import { buildResult, coverage, type ResultSources } from "./build-result.ts";

/** How long until the alarm tries again what failed or was cut off. */
const retryMs = 5_000;
const putTimeoutMs = 30_000;
/** How long finalize waits for a speaker-resolve service that gets nothing done. */
const resolvePatienceMs = 60_000;

export type FinalizeOutcome =
  | { readonly done: true; readonly answer: FinalizeAnswer }
  | { readonly done: false; readonly answer: FinalizePending };

export interface FinalizerDeps extends ResultSources {
  readonly db: Database;
  readonly store: SessionStore;
  readonly archiver: Archiver;
  readonly resolver: Resolver;
  readonly autoResolver: AutoResolver;
  readonly bucket: Pick<R2Bucket, "put">;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Asks for `run` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
}

export class Finalizer {
  readonly #deps: FinalizerDeps;
  #running: Promise<void> | undefined;

  constructor(deps: FinalizerDeps) {
    this.#deps = deps;
  }

  /**
   * Freezes the session if it is open; a session already past that keeps its first request.
   * @returns why the request can't be taken; then nothing has changed.
   */
  begin(body: FinalizeBody): Result<undefined, string> {
    const { db, store, events, journal, wakeAt } = this.#deps;
    if (!store.isOpen) return ok(undefined);
    const expected = Object.entries(body.expect ?? {});
    const newTracks = expected.filter(([track]) => !journal.ledger(track)).length;
    if (journal.ledgers().length + newTracks > limits.maxTracksPerSession) {
      return err(`expect: a session has at most ${limits.maxTracksPerSession} tracks.`);
    }
    db.transaction(() => {
      for (const [track, lastSeq] of expected) this.#expect(track, lastSeq);
      store.status = "finalizing";
      const metadata = { ...store.config.metadata, ...body.metadata };
      store.finalizing = { metadata, begun_at: db.now(), sealed_at: null };
      store.touch();
      events.append({ type: "session.finalizing", by: "room" });
    });
    wakeAt(db.now() + retryMs);
    return ok(undefined);
  }

  /** Notes a track's announced end. One that has more simply has it; one that was never opened lacks it all. */
  #expect(track: string, lastSeq: number): void {
    const { journal, events } = this.#deps;
    if (journal.openTrack(track)) events.append({ type: "track.opened", track, by: "room" });
    const ledger = journal.ledger(track);
    if (!ledger || expectedSeq(ledger) >= lastSeq) return;
    if (journal.end(track, lastSeq, 0)) {
      events.append({ type: "track.ended", track, to_seq: lastSeq, padding_samples: 0, by: "room" });
    }
  }

  /** Takes a begun finalize as far as it goes now; joins the run under way. Never rejects. */
  run(): Promise<void> {
    this.#running ??= this.#steps().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** What a caller of finalize is told at this moment. */
  outcome(): FinalizeOutcome {
    const { store, session, journal, events } = this.#deps;
    const sealedAt = store.finalizing?.sealed_at;
    if (store.status !== "finalized" || !sealedAt) {
      return {
        done: false,
        answer: { session_id: session.sessionId, status: "finalizing", pending_chunks: journal.pendingChunks },
      };
    }
    return {
      done: true,
      answer: {
        session_id: session.sessionId,
        result_key: resultKey(session),
        event_count: events.count,
        finalized_at: new Date(sealedAt).toISOString(),
        coverage: coverage(journal.ledgers()),
      },
    };
  }

  async #steps(): Promise<void> {
    const { db, store, archiver, journal, wakeAt, session } = this.#deps;
    if (store.status !== "finalizing") return;
    try {
      const [isResolved] = await Promise.all([this.#drainResolves(), archiver.drain()]);
      if (isResolved && journal.pendingChunks === 0) {
        await this.#write(this.#seal());
        store.status = "finalized";
        return;
      }
    } catch (cause) {
      log.error("finalize.step_failed", { session: session.sessionId, error: describeError(cause) });
    }
    wakeAt(db.now() + retryMs);
  }

  /** @returns whether nothing is left to resolve. */
  async #drainResolves(): Promise<boolean> {
    const { db, store, resolver, autoResolver } = this.#deps;
    if (store.finalizing?.sealed_at != null) return true;
    await resolver.idle();
    await autoResolver.run();
    const waitsSince = Math.max(store.finalizing?.begun_at ?? 0, autoResolver.progressAt);
    if (autoResolver.hasWork && db.now() - waitsSince >= resolvePatienceMs) {
      autoResolver.giveUpRest("speaker resolve did not answer before the session was finalized");
    }
    // One that began meanwhile must end before the seal.
    await resolver.idle();
    return !autoResolver.hasWork;
  }

  #seal(): { metadata: Record<string, unknown>; sealedAt: number } {
    const { db, store, events } = this.#deps;
    const record = store.finalizing;
    if (!record) throw new Error("finalize: no request is recorded");
    if (record.sealed_at !== null) return { metadata: record.metadata, sealedAt: record.sealed_at };
    const sealedAt = db.now();
    db.transaction(() => {
      store.finalizing = { ...record, sealed_at: sealedAt };
      events.append({ type: "session.finalized", by: "room" });
      store.touch();
    });
    return { metadata: record.metadata, sealedAt };
  }

  async #write({ metadata, sealedAt }: { metadata: Record<string, unknown>; sealedAt: number }): Promise<void> {
    const { bucket, session, synced } = this.#deps;
    // R2 must not have a result whose seal a crash can still undo.
    await synced();
    const put = bucket.put(resultKey(session), JSON.stringify(buildResult(this.#deps, metadata, sealedAt)), {
      httpMetadata: { contentType: "application/json" },
    });
    await withTimeout(put, putTimeoutMs, "R2 put");
  }
}
