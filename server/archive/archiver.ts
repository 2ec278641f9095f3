/**
 * Moves kept chunks from the journal to R2, in the background.
 *
 * A pass walks the pending chunks in storage order with a few puts in flight; R2 checks each SHA-256; only
 * then do the bytes leave the journal (K3, K4). A failed chunk stays pending for the next pass. A pass with
 * failures ends early when R2 seems down and asks the alarm for another one, later each time. Nothing here
 * is awaited by ingest (K7), and everything can be killed at any line: a chunk is pending until R2 said yes,
 * and putting it twice writes the same bytes to the same key.
 */
import type { Journal, PendingChunk } from "../journal/journal.ts";
import { withTimeout } from "../lib/timeout.ts";
import { describeError, log } from "../telemetry/log.ts";
import { chunkKey, chunkMetadata, type SessionName } from "./keys.ts";

/** Of the six requests a room may have in flight, two stay free for inference and the result. */
const lanes = 4;
/** Failures in a row after which a pass takes R2 for down. */
const maxFailuresInRow = 4;
/** Chunks of one pass: failed ones get their next try after at most this many others. */
const maxPassChunks = 1_024;
const putTimeoutMs = 30_000;
const minBackoffMs = 1_000;
const maxBackoffMs = 60_000;

export interface ArchiverDeps {
  readonly bucket: Pick<R2Bucket, "put">;
  readonly journal: Journal;
  readonly session: SessionName;
  /** Resolves when all SQL so far is durable: R2 must never know a chunk that a crash can undo. */
  readonly synced: () => Promise<void>;
  /** Asks for `drain` at a time in ms since 1970, through the room's alarm. */
  readonly wakeAt: (at: number) => void;
  readonly now: () => number;
  readonly random: () => number;
}

export class Archiver {
  readonly #deps: ArchiverDeps;
  #running: Promise<void> | undefined;
  #failedPasses = 0;
  #notBefore = 0;

  constructor(deps: ArchiverDeps) {
    this.#deps = deps;
  }

  /** Starts a pass unless one runs or R2 is being given a rest. Returns at once. */
  kick(): void {
    if (this.#running || this.#deps.now() < this.#notBefore) return;
    void this.drain();
  }

  /**
   * Runs passes until nothing is pending or one had failures; joins the one that runs. Never rejects:
   * a failure is logged and scheduled again.
   */
  drain(): Promise<void> {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #run(): Promise<void> {
    try {
      for (;;) {
        const { taken, failed } = await this.#pass();
        if (failed > 0) return this.#backOff(failed);
        this.#failedPasses = 0;
        this.#notBefore = 0;
        if (taken === 0) return;
      }
    } catch (cause) {
      log.error("archive.pass_failed", { session: this.#deps.session.sessionId, error: describeError(cause) });
      this.#backOff(1);
    }
  }

  /** One walk over the pending chunks. */
  async #pass(): Promise<{ taken: number; failed: number }> {
    const { journal, synced } = this.#deps;
    let cursor = { track: "", seq: 0 };
    let taken = 0;
    let failed = 0;
    let failedInRow = 0;
    const lane = async (): Promise<void> => {
      while (failedInRow < maxFailuresInRow && taken < maxPassChunks) {
        const chunk = journal.nextPending(cursor);
        if (!chunk) return;
        taken += 1;
        cursor = { track: chunk.track, seq: chunk.seq };
        await synced();
        if (await this.#put(chunk)) {
          journal.markArchived(chunk.track, chunk.seq);
          failedInRow = 0;
        } else {
          failed += 1;
          failedInRow += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return { taken, failed };
  }

  async #put(chunk: PendingChunk): Promise<boolean> {
    const { bucket, session } = this.#deps;
    try {
      const put = bucket.put(chunkKey(session, chunk.track, chunk.seq), chunk.pcm, {
        sha256: chunk.sha256,
        customMetadata: chunkMetadata(session, chunk),
        httpMetadata: { contentType: "application/octet-stream" },
      });
      await withTimeout(put, putTimeoutMs, "R2 put");
      return true;
    } catch (cause) {
      log.warn("archive.put_failed", {
        session: session.sessionId,
        track: chunk.track,
        seq: chunk.seq,
        error: describeError(cause),
      });
      return false;
    }
  }

  #backOff(failed: number): void {
    const { journal, now, random, session, wakeAt } = this.#deps;
    const ceiling = Math.min(maxBackoffMs, minBackoffMs * 2 ** Math.min(this.#failedPasses, 16));
    // Half fixed, half random: rooms that failed together must not come back together.
    const delayMs = Math.round(ceiling * (0.5 + random() * 0.5));
    this.#failedPasses += 1;
    this.#notBefore = now() + delayMs;
    log.warn("archive.backing_off", {
      session: session.sessionId,
      failed,
      pending: journal.pendingChunks(),
      delay_ms: delayMs,
    });
    wakeAt(this.#notBefore);
  }
}
