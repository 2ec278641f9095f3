/**
 * The bodies of one user (SPEC SY6, SY7): uploaded in parts that may come in any order and more than once, read once more, and kept if
 * their SHA-256 is the one that they go by.
 *
 *   parts ──▶ object ──▶ checked ──▶ held in the tenant's registry ──▶ a body of the user's
 *
 * Each step is a row before the next one begins, so that whoever comes after a kill goes on from there. To know a hash is no way to a
 * body: only who has sent all of its bytes holds it. What no document names is let go after a month; a push that names a body finds it in
 * its own commit, or is told that it is missing. Knows R2 and the registry by ports.
 */
import { limits } from "../../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../../schemas/lib/result.ts";
import { withTimeout } from "../../../../schemas/lib/timeout.ts";
import type { BodyState } from "../../../../schemas/http/sync.ts";
import type { Database } from "../../../shared/lib/sql.ts";
import type { BodyBucket, Holders } from "./body-bucket.ts";
import { BodyStore, type ReleaseRow, type UploadRow } from "./body-tables.ts";

export const bodyTimings = {
  /** What nobody names is let go after so long: a device that was away may still name it. */
  unnamedMs: 30 * 86_400_000,
  /** An upload that does not go on is given up; R2 does the same with its parts. */
  uploadMs: 7 * 86_400_000,
  callMs: 60_000,
} as const;

export interface BodiesDeps {
  readonly db: Database;
  readonly bucket: BodyBucket;
  readonly holders: Holders;
  readonly newId: () => string;
  /** Below which a user's uploads are put. */
  readonly keyPrefix: string;
  /** Whether a document names the body. */
  readonly isNamed: (sha256: string) => boolean;
  /** Resolves when all SQL so far is durable. */
  readonly synced: () => Promise<void>;
  /** Bytes that the user's documents take themselves. */
  readonly documentBytes: () => number;
}

export type BodyRefusal = "sync_full" | "body_not_found" | "body_mismatch" | "upload_incomplete" | "bad_part";

export class Bodies {
  readonly store: BodyStore;
  readonly #deps: BodiesDeps;
  /** Uploads that are being put together. */
  readonly #completing = new Map<string, Promise<Result<BodyState, BodyRefusal>>>();

  constructor(deps: BodiesDeps) {
    this.#deps = deps;
    this.store = new BodyStore(deps.db);
  }

  get usedBytes(): number {
    return this.store.usedBytes + this.#deps.documentBytes();
  }

  /** Whether a document may name it. To be asked in the commit in which it does. */
  holds(sha256: string): boolean {
    return this.store.body(sha256) !== undefined;
  }

  start(sha256: string, bytes: number): Result<BodyState, BodyRefusal> {
    const { db, newId, keyPrefix } = this.#deps;
    return db.transaction(() => {
      const body = this.store.body(sha256);
      if (body) {
        this.store.touch(sha256);
        return ok(keptState(sha256, body.bytes));
      }
      const upload = this.store.upload(sha256);
      if (upload?.bytes === bytes) {
        this.store.putUpload({ ...upload, touched_at: db.now() });
        return ok(this.#stateOf(upload));
      }
      if (upload) this.store.giveUp(upload);
      const isFull = this.usedBytes + bytes > limits.maxSyncBytes;
      if (isFull || this.store.uploads().length >= limits.maxSyncUploads) return err("sync_full");
      const holder = newId();
      const row = { sha256, bytes, key: `${keyPrefix}${holder}`, holder, upload_id: null };
      this.store.putUpload({ ...row, state: "parts", touched_at: db.now() });
      return ok(this.#stateOf({ ...row, state: "parts", touched_at: db.now() }));
    });
  }

  async putPart(sha256: string, part: number, bytes: Uint8Array): Promise<Result<BodyState, BodyRefusal>> {
    const body = this.store.body(sha256);
    if (body) return ok(keptState(sha256, body.bytes));
    const upload = this.store.upload(sha256);
    if (!upload) return err("body_not_found");
    if (upload.state !== "parts") return ok(this.#stateOf(upload));
    if (part > partsOf(upload.bytes) || bytes.length !== partBytes(upload.bytes, part)) return err("bad_part");
    const { key, holder } = upload;
    const { bucket, db } = this.#deps;
    let sent = { partNumber: part, etag: "" };
    if (partsOf(upload.bytes) === 1) await timed(bucket.putNew(key, bytes));
    else sent = { ...(await timed(bucket.putPart(key, await this.#uploadId(upload), part, bytes))) };
    return db.transaction(() => {
      const now = this.store.upload(sha256);
      // Given up meanwhile, or put together by another device.
      if (now?.holder !== holder) return err("body_not_found");
      if (now.state === "parts") this.store.putPart(holder, sent);
      this.store.putUpload({ ...now, touched_at: db.now() });
      return ok(this.#stateOf(now));
    });
  }

  /** Joins the one under way. */
  complete(sha256: string): Promise<Result<BodyState, BodyRefusal>> {
    const under = this.#completing.get(sha256);
    if (under) return under;
    const completing = this.#complete(sha256).finally(() => this.#completing.delete(sha256));
    this.#completing.set(sha256, completing);
    return completing;
  }

  /** Where a body of the user's is. */
  keyOf(sha256: string): { readonly key: string; readonly bytes: number } | undefined {
    return this.store.body(sha256);
  }

  /** Lets go of what nobody names, and of uploads that do not go on. */
  collect(most = 100): void {
    const { db, isNamed } = this.#deps;
    db.transaction(() => {
      const givenUpAt = db.now() - bodyTimings.uploadMs;
      for (const upload of this.store.uploads()) if (upload.touched_at < givenUpAt) this.store.giveUp(upload);
      for (const body of this.store.untouchedSince(db.now() - bodyTimings.unnamedMs, most)) {
        // One that is named is looked at again in a month.
        if (isNamed(body.sha256)) this.store.touch(body.sha256);
        else this.store.letGo(body);
      }
    });
  }

  get hasReleases(): boolean {
    return this.store.releases(1).length > 0;
  }

  /** Tells the registry and R2 what was let go. @throws where one of them does not answer: what is left comes again. */
  async release(most = 50): Promise<void> {
    for (const row of this.store.releases(most)) {
      await this.#deps.synced();
      await timed(this.#release(row));
      this.store.released(row.holder);
    }
  }

  async #release({ holder, sha256, key, upload_id, is_held }: ReleaseRow): Promise<void> {
    const { bucket, holders } = this.#deps;
    if (is_held === 1) return holders.release({ sha256, key, holder });
    if (upload_id !== null) await bucket.abort(key, upload_id).catch(() => undefined);
    return bucket.delete(key);
  }

  async #complete(sha256: string): Promise<Result<BodyState, BodyRefusal>> {
    const { bucket, holders, db, synced } = this.#deps;
    const body = this.store.body(sha256);
    if (body) return ok(keptState(sha256, body.bytes));
    const upload = this.store.upload(sha256);
    if (!upload) return err("body_not_found");
    const { key, holder, bytes } = upload;
    if (upload.state === "parts") {
      const parts = this.store.parts(holder);
      if (parts.length < partsOf(bytes)) return err("upload_incomplete");
      if (upload.upload_id !== null) await this.#finish(upload);
      if (!this.#enter(upload, "object")) return err("body_not_found");
    }
    if (this.store.upload(sha256)?.state === "object") {
      const found = await timed(bucket.check(key), bodyTimings.callMs * 5);
      if (found?.sha256 !== sha256 || found.bytes !== bytes) {
        const now = this.store.upload(sha256);
        if (now?.holder === holder) this.store.giveUp(now);
        return err("body_mismatch");
      }
      if (!this.#enter(upload, "checked")) return err("body_not_found");
    }
    await synced();
    const heldAt = await timed(holders.hold({ sha256, bytes, key, holder }));
    return db.transaction(() => {
      const now = this.store.upload(sha256);
      if (now?.holder !== holder) return err("body_not_found");
      this.store.keep(now, heldAt);
      return ok(keptState(sha256, bytes));
    });
  }

  /** R2 puts the parts together. Whether it has, after an answer that was lost, the object itself tells. */
  async #finish({ key, upload_id, holder, bytes }: UploadRow): Promise<void> {
    const { bucket } = this.#deps;
    try {
      await timed(bucket.finish(key, upload_id ?? "", this.store.parts(holder)));
    } catch (cause) {
      const found = await timed(bucket.check(key), bodyTimings.callMs * 5);
      if (found?.bytes !== bytes) throw cause;
    }
  }

  #enter({ sha256, holder }: UploadRow, state: UploadRow["state"]): boolean {
    const now = this.store.upload(sha256);
    if (now?.holder !== holder) return false;
    this.store.putUpload({ ...now, state, touched_at: this.#deps.db.now() });
    return true;
  }

  async #uploadId({ sha256, key, holder, upload_id }: UploadRow): Promise<string> {
    if (upload_id !== null) return upload_id;
    const begun = await timed(this.#deps.bucket.begin(key));
    return this.#deps.db.transaction(() => {
      const now = this.store.upload(sha256);
      // Two first parts at once: one upload counts for both. The other one's parts lapse in R2 by themselves.
      if (now?.holder !== holder || now.upload_id !== null) return now?.upload_id ?? begun;
      this.store.putUpload({ ...now, upload_id: begun });
      return begun;
    });
  }

  #stateOf({ sha256, bytes, holder, state }: UploadRow): BodyState {
    const parts = partsOf(bytes);
    const received =
      state === "parts"
        ? this.store.parts(holder).map(({ partNumber }) => partNumber)
        : Array.from({ length: parts }, (_, n) => n + 1);
    return { sha256, bytes, is_kept: false, part_bytes: limits.syncPartBytes, parts, received };
  }
}

function keptState(sha256: string, bytes: number): BodyState {
  const parts = partsOf(bytes);
  const received = Array.from({ length: parts }, (_, n) => n + 1);
  return { sha256, bytes, is_kept: true, part_bytes: limits.syncPartBytes, parts, received };
}

function partsOf(bytes: number): number {
  return Math.ceil(bytes / limits.syncPartBytes);
}

function partBytes(bytes: number, part: number): number {
  return part < partsOf(bytes) ? limits.syncPartBytes : bytes - (part - 1) * limits.syncPartBytes;
}

function timed<T>(call: Promise<T>, ms: number = bodyTimings.callMs): Promise<T> {
  return withTimeout(call, ms, "R2");
}
