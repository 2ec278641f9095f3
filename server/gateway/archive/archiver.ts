/**
 * Moves kept chunks from the room's tables to R2, in the background.
 *
 * Up to four lanes walk the pending chunks in storage order; R2 checks each SHA-256; only then do the bytes
 * leave the tables (K3, K4). A failed chunk stays pending for the next pass. When R2 seems down the pass
 * ends early, and the next one waits for the room's alarm, longer each time. Nothing here is awaited by
 * ingest (K7), and everything can be killed at any line: a chunk is pending until R2 said yes, and putting it
 * twice writes the same bytes to the same key.
 */
import type { Tracks } from "../tracks/tracks.ts";
import type { PendingChunk } from "../tracks/unarchived.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import { SharedTimeout, TimeoutError } from "../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../shared/telemetry/log.ts";
import { giveWay } from "../../shared/lib/wait.ts";
import { Hold } from "../core/hold.ts";
import { type IngestLoad, lookMs } from "../core/ingest-load.ts";
import type { SessionName } from "../core/session-name.ts";
import type { WriteBucket } from "./bucket.ts";
import { chunkKey, chunkMetadata } from "./keys.ts";
import type { RecentChunks } from "./recent-chunks.ts";

/** Puts in flight: a room may have six requests, and two stay free for inference and the result. */
const maxLanes = 4;
/** Failures in a row after which a pass takes R2 for down. */
const maxFailuresInRow = 4;
/** Chunks of one pass: a chunk that failed, or came in behind the walk, waits for at most this many others. */
const maxPassChunks = 1_024;
const putTimeoutMs = 30_000;
const minBackoffMs = 1_000;
const maxBackoffMs = 60_000;
/** Chunks of a rush that may wait for it to be over: 16 MB in the room's file. */
const maxHeldChunks = 512;
/** Between two looks at the sockets it puts a chunk for each so many that wait: what waits must not grow without end. */
const chunksOfTurn = 512;
const maxTurnPuts = 32;
/** Less than the job behind pending chunks waits (K3). */
const maxHeldMs = 4_000;
/** When an alarm that found the archive held back comes again. */
const heldBackMs = 5_000;

export interface ArchiverDeps {
  readonly bucket: WriteBucket;
  readonly tracks: Tracks;
  readonly recent: RecentChunks;
  readonly load: Pick<IngestLoad, "isRush" | "now">;
  readonly session: SessionName;
  /** Resolves when all SQL so far is durable: R2 must never know a chunk that a crash can undo. */
  readonly synced: () => Promise<void>;
  /** Asks for `wake` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly now: () => number;
  readonly random: () => number;
  /** Whether nothing may be put any more: the session is being deleted. */
  readonly isStopped: () => boolean;
}

/** One walk over the pending chunks. */
interface Pass {
  cursor: { track: string; seq: number };
  taken: number;
  failed: number;
  failedInRow: number;
  /** Whether it was begun though chunks rush in: then it is not held back again before its end. */
  readonly isOverdue: boolean;
}

export class Archiver {
  readonly #deps: ArchiverDeps;
  #pass: Pass | undefined;
  #lanes = 0;
  /** Puts that took too long and may still be under way: they count against the lanes. */
  #abandonedPuts = 0;
  /** How long R2 is left alone after a pass that failed. */
  readonly #cooldown: Cooldown;
  readonly #waiting: (() => void)[] = [];
  readonly #hold: Hold;
  /** `drain`s under way: what somebody waits for is not held back. */
  #drains = 0;
  #isLooking = false;
  /** Puts since the thread last looked at its sockets. */
  #turnPuts = 0;
  readonly #putTimeout = new SharedTimeout(putTimeoutMs, "R2 put");

  constructor(deps: ArchiverDeps) {
    this.#deps = deps;
    this.#cooldown = new Cooldown({ firstMs: minBackoffMs, maxMs: maxBackoffMs, now: deps.now, random: deps.random });
    const isTooMuch = (): boolean => deps.tracks.pendingChunks >= maxHeldChunks;
    this.#hold = new Hold({ load: deps.load, maxMs: maxHeldMs, isTooMuch });
  }

  /** When R2 may be tried again, ms since 1970; in the past unless it failed. */
  get notBefore(): number {
    return this.#cooldown.until;
  }

  /** There may be work: starts it, or helps what runs, unless R2 is left alone or ingest goes first. Returns at once. */
  kick(): void {
    if (this.#cooldown.isOver) this.#begin();
  }

  /**
   * For the alarm: as `kick`, and resolves when the work is done, is held back or has failed. What is pending then has a time at which
   * it is woken for.
   */
  async wake(): Promise<void> {
    const { now, tracks, wakeAt } = this.#deps;
    if (!this.#cooldown.isOver) return wakeAt(this.notBefore);
    this.#begin();
    await this.#passEnd();
    if (tracks.pendingChunks > 0) wakeAt(Math.max(now() + heldBackMs, this.notBefore));
  }

  /** Tries now, cooldown, rush or not. Resolves when nothing is pending or a pass failed; never rejects. */
  async drain(): Promise<void> {
    this.#drains += 1;
    try {
      this.#fillLanes();
      await this.#passEnd();
    } finally {
      this.#drains -= 1;
    }
  }

  #begin(): void {
    if (this.#isHeld) this.#lookAgain();
    else this.#fillLanes();
  }

  async #passEnd(): Promise<void> {
    if (this.#pass) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  get #isHeld(): boolean {
    return this.#drains === 0 && !this.#pass?.isOverdue && this.#hold.isOn;
  }

  /** Behind it stands the job that each pending chunk has. */
  #lookAgain(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    setTimeout(() => {
      this.#isLooking = false;
      try {
        this.kick();
      } catch (cause) {
        log.error("archive.lane_failed", { session_id: this.#deps.session.sessionId, error: describeError(cause) });
      }
    }, lookMs);
  }

  #fillLanes(): void {
    const isOverdue = this.#deps.load.isRush;
    this.#pass ??= { cursor: { track: "", seq: 0 }, taken: 0, failed: 0, failedInRow: 0, isOverdue };
    // One lane a call is enough: each stored chunk calls, and a lane that finds more work calls again.
    const pass = this.#pass;
    const chunk = this.#lanes + this.#abandonedPuts < maxLanes ? this.#take(pass) : undefined;
    if (chunk) void this.#runLane(pass, chunk);
    else if (this.#lanes === 0) this.#endPass(pass);
  }

  #take(pass: Pass): PendingChunk | undefined {
    if (this.#isHeld) return undefined;
    if (this.#deps.isStopped() || pass.failedInRow >= maxFailuresInRow || pass.taken >= maxPassChunks) return undefined;
    const chunk = this.#deps.tracks.nextPending(pass.cursor);
    if (!chunk) return undefined;
    pass.taken += 1;
    pass.cursor = { track: chunk.track, seq: chunk.seq };
    return chunk;
  }

  /** Never rejects. */
  async #runLane(pass: Pass, first: PendingChunk): Promise<void> {
    this.#lanes += 1;
    try {
      let chunk: PendingChunk | undefined = first;
      while (chunk) {
        // More may be waiting than this lane can take: get it company.
        if (this.#lanes < maxLanes) this.#fillLanes();
        const stored = await this.#put(chunk);
        if (stored) this.#deps.tracks.markArchived(chunk.track, chunk.seq);
        else pass.failed += 1;
        pass.failedInRow = stored ? 0 : pass.failedInRow + 1;
        await this.#endTurn();
        chunk = this.#lanes + this.#abandonedPuts <= maxLanes ? this.#take(pass) : undefined;
      }
    } catch (cause) {
      pass.failed += 1;
      log.error("archive.lane_failed", { session_id: this.#deps.session.sessionId, error: describeError(cause) });
    } finally {
      this.#lanes -= 1;
      if (this.#lanes === 0) this.#tryEndPass(pass);
    }
  }

  /** A room that dies just now can't even be asked what waits: nobody is left waiting for it. */
  #tryEndPass(pass: Pass): void {
    try {
      this.#endPass(pass);
    } catch (cause) {
      log.error("archive.pass_failed", { session_id: this.#deps.session.sessionId, error: describeError(cause) });
      for (const resolve of this.#waiting.splice(0)) resolve();
    }
  }

  /**
   * Where R2 is in this process, put after put would be answered without a look at the sockets: acks of seconds' worth would wait. Where
   * the machine is so busy that a look takes long, the archive's share grows with what waits, until clients feel it.
   */
  async #endTurn(): Promise<void> {
    this.#turnPuts += 1;
    const share = Math.floor(this.#deps.tracks.pendingChunks / chunksOfTurn);
    if (this.#turnPuts < Math.min(share, maxTurnPuts)) return;
    this.#turnPuts = 0;
    await giveWay();
  }

  #endPass(pass: Pass): void {
    this.#pass = undefined;
    if (pass.failed > 0 || (pass.taken === 0 && this.#abandonedPuts >= maxLanes)) {
      this.#backOff(pass.failed);
    } else {
      this.#cooldown.succeeded();
      if (pass.isOverdue) this.#hold.released();
      // A pass that took something may have walked past what came in behind it.
      if (this.#isHeld) this.#lookAgain();
      else if (pass.taken > 0) return this.#fillLanes();
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async #put(chunk: PendingChunk): Promise<boolean> {
    const { bucket, recent, session, synced } = this.#deps;
    const key = chunkKey(session, chunk.track, chunk.seq);
    try {
      await synced();
      const put = bucket.put(key, chunk.pcm, {
        sha256: chunk.sha256,
        customMetadata: chunkMetadata(session, chunk),
        httpMetadata: { contentType: "application/octet-stream" },
      });
      await this.#orAbandon(put);
      recent.add(key, chunk.pcm);
      return true;
    } catch (cause) {
      log.warn("archive.put_failed", {
        session_id: session.sessionId,
        track: chunk.track,
        seq: chunk.seq,
        error: describeError(cause),
      });
      return false;
    }
  }

  async #orAbandon(put: Promise<unknown>): Promise<void> {
    try {
      await this.#putTimeout.wait(put);
    } catch (cause) {
      if (cause instanceof TimeoutError) {
        this.#abandonedPuts += 1;
        const over = (): void => {
          this.#abandonedPuts -= 1;
        };
        // Its outcome no longer matters: the chunk is pending and will be put again.
        put.then(over, over);
      }
      throw cause;
    }
  }

  #backOff(failed: number): void {
    const { tracks, session, wakeAt } = this.#deps;
    const delayMs = this.#cooldown.failed();
    log.warn("archive.backing_off", {
      session_id: session.sessionId,
      failed,
      pending: tracks.pendingChunks,
      delay_ms: delayMs,
    });
    wakeAt(this.notBefore);
  }
}
