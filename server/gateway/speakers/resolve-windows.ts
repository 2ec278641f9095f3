/**
 * Automatic resolve: every track's windows go to the speaker-resolve service by themselves, in order, one at a time
 * per room, and never in the way of an ack (K7). Where it is stands in SQLite and moves in the same commit as what
 * the answer changed, so no crash repeats or skips a window.
 *
 * While the service is down a window waits, however long. It is given up only when the service demonstrably works and yet does
 * not take it, or when finalize can't wait any more; then the log says so (`resolve.failed`). It can be opened again (F8).
 */
import { chunkMs } from "../../../schemas/wire/audio.ts";
import type { ResolveSettings } from "../../../schemas/http/sessions.ts";
import { limits } from "../../../schemas/limits.ts";
import type { ResolveBody } from "../../../schemas/speech/speakers.ts";
import { ChunkLostError, type KeptAudio } from "../archive/chunk-reader.ts";
import { Backstop } from "../core/backstop.ts";
import type { Hold } from "../core/hold.ts";
import type { EventLog } from "../events/event-log.ts";
import type { Tracks } from "../tracks/tracks.ts";
import type { UtteranceStore } from "./utterance-store.ts";
import { backoffMs } from "../../../schemas/lib/backoff.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import type { Place } from "./absorb-answer.ts";
import { resolveBody } from "./resolve-body.ts";
import type { Resolver, WindowFailure } from "./resolve-queue.ts";
import { inTurnWithIngest } from "./rush.ts";
import { ServiceOutage } from "./service-outage.ts";
import { judgeSilence } from "./silence.ts";
import { isOpenWindow, nextWindow, type ResolveWindow } from "./window-plan.ts";
import type { WindowStore } from "./window-store.ts";

/** When a window that failed is tried again. */
const retry = { firstMs: 1_000, maxMs: 60_000, least: "half" } as const;
/** How long R2 is left alone after it could not give a window's audio, at first. */
const storageRetryMs = 5_000;
const logFullDetail = "the session's event log is full";
/** Failed tries after which what was opened again after the meeting is given up again, with all that waits with it: about an hour. */
const maxTriesAfterEnd = 60;
/** Tries after which a window is suspect, by what the service said. */
const suspectAfter = { refused: 3, failed: 8, timeout: 8 } as const;

export interface AutoResolverDeps {
  readonly db: Database;
  readonly tracks: Tracks;
  readonly windows: WindowStore;
  readonly events: EventLog;
  readonly utterances: UtteranceStore;
  /** Called inside the commit. @param sent what went to the service of what was said there. */
  readonly onDone: (window: ResolveWindow, sent: string | undefined) => void;
  readonly resolver: Resolver;
  readonly audio: (window: ResolveWindow) => Promise<KeptAudio>;
  readonly settings: () => ResolveSettings;
  /** Whether the session takes no more audio: then short tails and windows with gaps are due. */
  readonly isFinal: () => boolean;
  /** Whether the session is deleted, or about to be. */
  readonly isGone: () => boolean;
  readonly wakeAt: (at: number) => void;
  readonly random: () => number;
  readonly hold: Pick<Hold, "over">;
  /** What this did not expect: memory may then differ from storage, and the room must start anew. */
  readonly onFailure: (cause: unknown) => void;
}

export class AutoResolver {
  readonly #deps: AutoResolverDeps;
  readonly #flight = new SingleFlight(() => this.#loop().catch(this.#deps.onFailure));
  /** While it lasts nothing is tried: the circuit is open, or R2 failed. */
  readonly #cooldown: Cooldown;
  readonly #storage: Cooldown;
  /** While it lasts nothing is due, as far as the last run saw. */
  readonly #quiet: Cooldown;
  /** A room that dies in the middle is woken so soon to go on. */
  readonly backstop = new Backstop();
  #progressAt: number;
  readonly #outage: ServiceOutage;

  constructor(deps: AutoResolverDeps) {
    this.#deps = deps;
    this.#progressAt = deps.db.now();
    this.#outage = new ServiceOutage(deps.events);
    const times = { ...retry, now: deps.db.now, random: deps.random };
    this.#cooldown = new Cooldown(times);
    this.#storage = new Cooldown({ ...times, firstMs: storageRetryMs });
    this.#quiet = new Cooldown(times);
  }

  /** When a window was last done with, ms since 1970; at first, when the room woke. */
  get progressAt(): number {
    return this.#progressAt;
  }

  /** Whether a window could be resolved now or later, without more audio. */
  get hasWork(): boolean {
    return this.#candidates().length > 0;
  }

  /** There may be a window: starts on it unless that is under way or must wait. Returns at once. */
  kick(): void {
    if (this.#flight.isRunning || !this.#quiet.isOver || !this.hasWork) return;
    // Behind the background work stands the alarm.
    this.#deps.wakeAt(this.#deps.db.now() + this.backstop.ms);
    void this.run();
  }

  /** Resolves what is due now, joining the run under way; what is not due gets the alarm. Never rejects. */
  run(): Promise<void> {
    return this.#flight.run();
  }

  /** Opens windows again that were given up. @returns how many. */
  retryFailed(track: string | undefined): number {
    const { db, settings, windows } = this.#deps;
    const reopened = db.transaction(() => windows.reopenFailed(track, settings().window_chunks));
    this.#quiet.succeeded();
    this.kick();
    return reopened;
  }

  /** Gives up all that is left, on the record. */
  giveUpRemaining(detail: string): void {
    for (const { track } of this.#deps.tracks.rows()) {
      const ahead: ResolveWindow[] = [];
      // A full log is told of once for each track: more of it is what it has no room for.
      const isSaid =
        detail === logFullDetail && this.#deps.events.lastOf("resolve.failed", track)?.detail === logFullDetail;
      this.#deps.db.transaction(() => {
        for (let window = this.#nextOf(track); window; window = this.#nextOf(track)) {
          if (window.again && !isSaid) this.#giveUp(window, detail);
          else ahead.push(this.#markFailed(window));
        }
        // One event, however many windows: what is ahead of a track is one stretch of it.
        const [first, last] = [ahead[0], ahead.at(-1)];
        if (first && last && !isSaid) this.#sayFailed({ ...first, to_seq: last.to_seq }, detail);
      });
    }
    this.#progressAt = this.#deps.db.now();
  }

  #nextOf(track: string): ResolveWindow | undefined {
    const { settings, isFinal } = this.#deps;
    return nextWindow(this.#deps, track, settings().window_chunks, isFinal());
  }

  /** Every track's next window, with when it may be tried. */
  #candidates(): { window: ResolveWindow; dueAt: number }[] {
    const { tracks, windows, settings, isGone } = this.#deps;
    if (!settings().auto || isGone()) return [];
    return tracks.rows().flatMap(({ track }) => {
      const window = this.#nextOf(track);
      if (!window) return [];
      const row = windows.find(track, window.from_seq);
      return [{ window, dueAt: row?.status === "failed" ? 0 : (row?.due_at ?? 0) }];
    });
  }

  async #loop(): Promise<void> {
    const { db, events, hold, isFinal, isGone, tracks, wakeAt } = this.#deps;
    for (;;) {
      await hold.over(() => isFinal() || isGone());
      const candidates = this.#candidates();
      if (candidates.length === 0) return;
      if (events.isFull) return this.giveUpRemaining(logFullDetail);
      const due = candidates.filter(({ dueAt }) => dueAt <= db.now());
      const [first] = due.sort((a, b) => a.window.from_seq - b.window.from_seq);
      if (!first || !this.#cooldown.isOver) {
        const quietUntil = Math.max(this.#cooldown.until, Math.min(...candidates.map(({ dueAt }) => dueAt)));
        this.#quiet.holdUntil(quietUntil);
        wakeAt(quietUntil);
        return;
      }
      await inTurnWithIngest(tracks, () => this.#one(first.window));
    }
  }

  async #one(window: ResolveWindow): Promise<void> {
    const { db, windows, audio, resolver, isFinal, isGone } = this.#deps;
    let heard: KeptAudio;
    try {
      heard = await audio(window);
      this.#storage.succeeded();
    } catch (cause) {
      log.warn("resolve.audio_unavailable", { track: window.track, seq: window.from_seq, error: describeError(cause) });
      if (isGone()) return;
      // A meeting that has ended waits for nothing that never comes.
      if (cause instanceof ChunkLostError && isFinal()) this.#giveUp(window, "its audio is lost in R2");
      else this.#cooldown.holdUntil(db.now() + this.#storage.failed());
      return;
    }
    const isWanted = (): boolean => !isGone() && isOpenWindow(this.#deps, window);
    if (!isWanted()) return;
    const { silent, floorDb } = judgeSilence(new Int16Array(heard.pcm.buffer), windows.noiseFloor(window.track));
    const body = this.#body(window, heard);
    const done = (): void => this.#markDone(window, heard.seqs, floorDb, body.asr_text ?? undefined);
    if (silent) {
      db.transaction(done);
      return;
    }
    const result = await resolver.resolveWindow(body, this.#place(window), done, isWanted);
    if (isGone()) return;
    if (result.ok) return this.#outage.over(window);
    if (!isWanted()) return;
    await this.#failed(window, result.error);
    if (resolver.isServiceOut && !isGone()) this.#outage.begun(window, result.error);
  }

  #body({ track, from_seq, to_seq }: ResolveWindow, { pcm }: KeptAudio): ResolveBody {
    const text = this.#deps.utterances.textBetween(track, (from_seq - 1) * chunkMs, to_seq * chunkMs);
    return resolveBody(pcm, text);
  }

  #place({ track, from_seq, to_seq, again }: ResolveWindow): Place {
    return { track, from_seq, to_seq, ...(again ? { replaces: Math.max(1, this.#deps.events.count) } : {}) };
  }

  #markDone(window: ResolveWindow, seqs: readonly number[], floorDb: number | undefined, sent?: string): void {
    const { windows, db } = this.#deps;
    const { track, from_seq } = window;
    if (floorDb !== undefined) windows.setNoiseFloor(track, floorDb);
    windows.remove(track, from_seq);
    if (window.again) windows.removeLate(track, seqs);
    else this.#passOver(window, seqs);
    this.#deps.onDone(window, sent);
    this.#progressAt = db.now();
  }

  /** Moves the track's mark. Chunks that came while the window was away are late ones. */
  #passOver({ track, from_seq, to_seq }: ResolveWindow, seqs: readonly number[]): void {
    const { tracks, windows } = this.#deps;
    const known = new Set(seqs);
    if (tracks.kept.count(track, from_seq, to_seq) > seqs.length) {
      for (const seq of tracks.kept.seqs(track, from_seq, to_seq)) {
        if (!known.has(seq)) windows.addLate(track, seq);
      }
    }
    tracks.setResolved(track, to_seq);
  }

  async #failed(window: ResolveWindow, failure: WindowFailure): Promise<void> {
    const { db, isFinal, windows, random } = this.#deps;
    if (failure.reason === "circuit_open") {
      this.#cooldown.holdUntil(db.now() + failure.retryAfterMs);
      return;
    }
    const { track, from_seq, to_seq } = window;
    const row = windows.find(track, from_seq);
    const attempts = (row?.status === "failed" ? 0 : (row?.attempts ?? 0)) + 1;
    log.warn("resolve.window_failed", { track, seq: from_seq, attempts, detail: failure.detail });
    if (attempts >= suspectAfter[failure.reason] && (await this.#isToBlame(failure.reason))) {
      return this.#giveUp(window, failure.detail);
    }
    const status = row?.status === "reopened" ? "reopened" : "waiting";
    if (status === "reopened" && isFinal() && attempts >= maxTriesAfterEnd) {
      this.giveUpRemaining(failure.detail);
      return;
    }
    const due_at = db.now() + backoffMs(retry, attempts, random());
    windows.save(track, { from_seq, to_seq, attempts, due_at, status });
  }

  /**
   * Whether it is the window, not the service: the service takes audio that it took before. Without such audio,
   * its word that the request is at fault has to do.
   */
  async #isToBlame(reason: "refused" | "failed" | "timeout"): Promise<boolean> {
    const { events, audio, resolver } = this.#deps;
    const known = events.lastPlaced();
    if (known?.track === undefined || known.from_seq === undefined || known.to_seq === undefined) {
      return reason === "refused";
    }
    // A turn of a second look may bear the whole track.
    const to_seq = Math.min(known.to_seq, known.from_seq + limits.maxWindowChunks - 1);
    const control = { track: known.track, from_seq: known.from_seq, to_seq, again: true };
    try {
      return await resolver.probe(this.#body(control, await audio(control)));
    } catch (cause) {
      log.warn("resolve.audio_unavailable", { track: known.track, error: describeError(cause) });
      return false;
    }
  }

  #giveUp(window: ResolveWindow, detail: string): void {
    this.#deps.db.transaction(() => this.#sayFailed(this.#markFailed(window), detail));
    this.#progressAt = this.#deps.db.now();
  }

  /** Call inside the commit. */
  #markFailed(window: ResolveWindow): ResolveWindow {
    const { tracks, windows } = this.#deps;
    const { track, from_seq, to_seq, again } = window;
    windows.save(track, { from_seq, to_seq, attempts: 0, due_at: 0, status: "failed" });
    if (again) windows.removeLate(track, tracks.kept.seqs(track, from_seq, to_seq));
    else tracks.setResolved(track, to_seq);
    return window;
  }

  #sayFailed({ track, from_seq, to_seq }: ResolveWindow, detail: string): void {
    this.#deps.events.append({ type: "resolve.failed", track, from_seq, to_seq, detail, by: "room" });
  }
}
