/**
 * Puts each track of a sealed session together as one WAV in R2, part by part. What R2 has of an upload is in SQLite, so it
 * goes on there after a crash at any line:
 *
 *   none ──create──▶ uploading ──part by part──▶ all parts ──complete──▶ stored
 *                        └── a chunk is lost for good ──▶ left_out
 *
 * Every step bears repeating: a part is put again under its number; an object that is there already shows that it was completed.
 * Memory holds one part and a few chunks, whatever the meeting's length. The file's SHA-256 is the one thing that can't
 * be kept across a restart: what it had read is then read again. Where a crash comes between the creation
 * of an upload and the row with its id, nobody can name that upload any more; R2 drops it by itself, after a week.
 */
import { createHash } from "node:crypto";
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { toHex } from "../../../../schemas/chain.ts";
import { limits } from "../../../../schemas/limits.ts";
import type { ReadBucket, Upload, UploadBucket } from "../../archive/bucket.ts";
import { ChunkLostError, type ChunkSource } from "../../archive/chunk-reader.ts";
import { wavKey } from "../../archive/keys.ts";
import type { Tracks } from "../../tracks/tracks.ts";
import type { TrackRow } from "../../tracks/track-plan.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import { giveWay } from "../../../shared/lib/wait.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import { describeError, log } from "../../../shared/telemetry/log.ts";
import { chainHead } from "../chain-head.ts";
import { fitsWav, wavBytes } from "./wav.ts";
import { wholeTrack } from "./wav-plan.ts";
import { readWav, type Wav } from "./wav-reader.ts";
import type { WavProgress, WavStore } from "./wav-store.ts";

/** All parts but the last: 200 s. R2 wants them equal and at least 5 MiB, and takes 10,000. */
const partBytes = 6_400_000;
/** Parts of one run, 3.5 h of audio: an invocation's CPU time is limited, and the next run is another one. */
const maxPartsPerRun = 64;
const partTimeoutMs = 60_000;
const answerTimeoutMs = 30_000;
/** Seconds that are read before others have their turn. */
const piecesOfTurn = 4;
/** How long a chunk that R2 says it does not have is asked for again. */
const lostPatienceMs = 600_000;
/** R2: no such upload; a part is not the one named; parts don't fit together. Only a new upload helps. */
const uploadIsBroken = /\((10024|10025|10048)\)/;

export interface WavAssemblerDeps extends ChunkSource {
  readonly db: Database;
  readonly bucket: ReadBucket & UploadBucket;
  readonly tracks: Tracks;
  readonly store: WavStore;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Asked before every step: a session may be deleted meanwhile. */
  readonly isWanted: () => boolean;
}

/** A track's file as the result names it. */
export interface AssembledWav {
  readonly key: string;
  readonly bytes: number;
  /** SHA-256 of the whole file, hex. */
  readonly sha256: string;
}

type Uploading = Extract<WavProgress, { status: "uploading" }>;

/** The hash of a file's first bytes, good for the upload it belongs to. */
interface HashSoFar {
  readonly uploadId: string;
  bytes: number;
  readonly hash: ReturnType<typeof createHash>;
}

export class WavAssembler {
  readonly #deps: WavAssemblerDeps;
  #hash: HashSoFar | undefined;
  #steps = 0;

  constructor(deps: WavAssemblerDeps) {
    this.#deps = deps;
  }

  /** Steps that were done since this was made: whoever waits for it sees whether it moves. */
  get steps(): number {
    return this.#steps;
  }

  /**
   * Takes the tracks of a session that no longer changes as far as one run goes.
   * @returns whether nothing is left to do. Rejects where R2 fails; then it goes on from there when called again.
   */
  async run(): Promise<boolean> {
    let parts = 0;
    for (const trackRow of this.#deps.tracks.rows()) {
      if (!isAssembled(trackRow)) continue;
      for (;;) {
        if (!this.#deps.isWanted()) return false;
        const progress = this.#deps.store.progress(trackRow.track);
        if (progress.status === "stored" || progress.status === "left_out") break;
        if (progress.status === "none") await this.#begin(trackRow);
        else if (progress.sha256 !== null) await this.#complete(trackRow, progress, progress.sha256);
        else if (parts === maxPartsPerRun) return false;
        else {
          parts += 1;
          await this.#addPart(trackRow, progress);
        }
        this.#steps += 1;
      }
    }
    return true;
  }

  /** The track's file; null where there is none, or not yet. */
  assembled(track: string): AssembledWav | null {
    const progress = this.#deps.store.progress(track);
    if (progress.status !== "stored") return null;
    return { key: wavKey(this.#deps.session, track), bytes: progress.bytes, sha256: progress.sha256 };
  }

  /** Leaves no part of an upload behind in R2: for a session that is deleted. */
  async discard(): Promise<void> {
    for (const { track, uploadId } of this.#deps.store.uploads()) {
      try {
        await withTimeout(this.#upload(track, uploadId).abort(), answerTimeoutMs, "R2 abort");
      } catch (cause) {
        // Gone already is as good. Anything else is for the caller to try again.
        if (!uploadIsBroken.test(describeError(cause))) throw cause;
      }
      this.#deps.store.forget(track);
    }
  }

  async #begin(trackRow: TrackRow): Promise<void> {
    const { bucket, session, store, synced } = this.#deps;
    // R2 must not begin what a crash can still undo.
    await synced();
    const upload = bucket.createMultipartUpload(wavKey(session, trackRow.track), {
      httpMetadata: { contentType: "audio/wav" },
      customMetadata: {
        session_id: session.sessionId,
        track: trackRow.track,
        duration_ms: String((wholeTrack(trackRow).toSample / sampleRateHz) * 1_000),
        chain_head: await chainHead(this.#deps, trackRow.track),
      },
    });
    const { uploadId } = await withTimeout(upload, answerTimeoutMs, "R2 createMultipartUpload");
    store.begin(trackRow.track, uploadId);
  }

  async #addPart(trackRow: TrackRow, { uploadId, etags }: Uploading): Promise<void> {
    const { store } = this.#deps;
    const { track } = trackRow;
    const wav = this.#wav(trackRow);
    const size = wavBytes(wav.span);
    const from = etags.length * partBytes;
    const to = Math.min(size, from + partBytes);
    const read = await this.#readPart(wav, uploadId, from, to);
    if (!read) return;
    const number = etags.length + 1;
    const { etag } = await this.#orForget(track, uploadId, () =>
      withTimeout(this.#upload(track, uploadId).uploadPart(number, read.part), partTimeoutMs, "R2 uploadPart"),
    );
    // Only now: a part that is tried again must not count twice.
    read.soFar.hash.update(read.part);
    read.soFar.bytes = to;
    store.addPart(track, { number, etag, sha256: to === size ? toHex(read.soFar.hash.digest()) : null });
    if (to === size) this.#hash = undefined;
  }

  /** @returns undefined where the track was left out, since a chunk of it stays lost. */
  async #readPart(
    wav: Wav,
    uploadId: string,
    from: number,
    to: number,
  ): Promise<{ part: Uint8Array<ArrayBuffer>; soFar: HashSoFar } | undefined> {
    const { store, db, session } = this.#deps;
    try {
      const soFar = await this.#hashUpTo(wav, uploadId, from);
      const part = new Uint8Array(to - from);
      let at = 0;
      for await (const piece of this.#pieces(wav, from, to)) {
        part.set(piece, at);
        at += piece.byteLength;
      }
      return { part, soFar };
    } catch (cause) {
      if (!(cause instanceof ChunkLostError) || db.now() - store.noteLost(wav.track) < lostPatienceMs) throw cause;
      log.error("audio.left_out", { session_id: session.sessionId, track: wav.track, error: describeError(cause) });
      await this.#abort(wav.track, uploadId);
      store.leaveOut(wav.track);
      return undefined;
    }
  }

  /** The hash of what the upload has. Where memory has lost it, the audio is read again. */
  async #hashUpTo(wav: Wav, uploadId: string, bytes: number): Promise<HashSoFar> {
    if (this.#hash?.uploadId !== uploadId || this.#hash.bytes !== bytes) {
      const hash = createHash("sha256");
      for await (const piece of this.#pieces(wav, 0, bytes)) hash.update(piece);
      this.#hash = { uploadId, bytes, hash };
    }
    return this.#hash;
  }

  async #complete(trackRow: TrackRow, { uploadId, etags }: Uploading, sha256: string): Promise<void> {
    const { store, synced } = this.#deps;
    const { track } = trackRow;
    const size = wavBytes(wholeTrack(trackRow));
    await synced();
    const parts = etags.map((etag, index) => ({ partNumber: index + 1, etag }));
    await this.#orForget(track, uploadId, async () => {
      try {
        await withTimeout(this.#upload(track, uploadId).complete(parts), answerTimeoutMs, "R2 complete");
      } catch (cause) {
        // It may have been completed before, by a room that did not live to note it.
        if (!(await this.#isInR2(track, size))) throw cause;
      }
    });
    store.setStored(track, size, sha256);
  }

  /** Nothing else is ever written to this key, and nothing with another chain head. */
  async #isInR2(track: string, size: number): Promise<boolean> {
    const { bucket, session } = this.#deps;
    const object = await withTimeout(bucket.head(wavKey(session, track)), answerTimeoutMs, "R2 head");
    return object?.size === size && object.customMetadata?.["chain_head"] === (await chainHead(this.#deps, track));
  }

  /** Where R2 no longer knows the upload, the next try begins a new one. */
  async #orForget<T>(track: string, uploadId: string, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } catch (cause) {
      if (uploadIsBroken.test(describeError(cause))) {
        await this.#abort(track, uploadId);
        this.#deps.store.forget(track);
      }
      throw cause;
    }
  }

  async #abort(track: string, uploadId: string): Promise<void> {
    try {
      await withTimeout(this.#upload(track, uploadId).abort(), answerTimeoutMs, "R2 abort");
    } catch (cause) {
      // It is gone, or goes by itself after a week.
      log.warn("audio.abort_failed", { session_id: this.#deps.session.sessionId, track, error: describeError(cause) });
    }
  }

  #upload(track: string, uploadId: string): Upload {
    return this.#deps.bucket.resumeMultipartUpload(wavKey(this.#deps.session, track), uploadId);
  }

  #wav(trackRow: TrackRow): Wav {
    // After the seal nothing more is kept: what is missing now is a gap.
    return { track: trackRow.track, span: wholeTrack(trackRow), isGap: () => false };
  }

  /** The file's bytes. Frames of any room that come meanwhile have their turn (K7): a part is 200 answers of R2, one right after the other. */
  async *#pieces(wav: Wav, from: number, to: number): AsyncGenerator<Uint8Array, void, undefined> {
    let pieces = 0;
    for await (const piece of readWav(this.#source(), wav, from, to)) {
      yield piece;
      pieces += 1;
      if (pieces % piecesOfTurn === 0) await giveWay();
    }
  }

  #source() {
    const { bucket, session, sha256, tracks } = this.#deps;
    return { bucket, session, sha256, kept: tracks.kept.within.bind(tracks.kept) };
  }
}

/** Not where nothing was kept, where RIFF can't hold it, and where it would be little but silence: that costs nobody a frame. */
function isAssembled(trackRow: TrackRow): boolean {
  const { received_chunks: kept } = trackRow;
  const span = wholeTrack(trackRow);
  const seconds = Math.ceil(span.toSample / sampleRateHz);
  return kept > 0 && fitsWav(span) && seconds - kept <= kept + limits.maxSilentWavSeconds;
}
