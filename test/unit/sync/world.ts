/** A user's sync in memory, with an R2 and a registry that can be down in every way, and the clock in a test's hand. */
import { createHash } from "node:crypto";
import type { Collection } from "../../../schemas/sync/documents.ts";
import type { SyncBody, SyncAnswer } from "../../../schemas/http/sync.ts";
import type { BodyBucket, HeldBody, Holders, UploadedPart } from "../../../server/app/sync/bodies/body-bucket.ts";
import { Registry } from "../../../server/app/sync/bodies/registry.ts";
import { UserSync } from "../../../server/app/sync/user-sync.ts";
import type { Database } from "../../../server/shared/lib/sql.ts";
import { logFor } from "../../../server/shared/telemetry/log.ts";
import { type NodeSqlite, nodeSqlite } from "../../support/node-database.ts";

export const startMs = Date.UTC(2026, 10, 29, 12);
export type Mood = "up" | "down" | "answer_lost";

export const shaOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** R2 by the calls that bodies make. */
export class FakeBucket implements BodyBucket {
  readonly objects = new Map<string, Uint8Array>();
  readonly #uploads = new Map<string, { readonly key: string; readonly parts: Map<number, Uint8Array> }>();
  mood: () => Mood = () => "up";
  #ids = 0;

  get uploadsUnderWay(): number {
    return this.#uploads.size;
  }

  putNew(key: string, bytes: Uint8Array): Promise<void> {
    return this.#do(() => {
      if (!this.objects.has(key)) this.objects.set(key, bytes);
    });
  }

  begin(key: string): Promise<string> {
    return this.#do(() => {
      const id = `upload-${(this.#ids += 1)}`;
      this.#uploads.set(id, { key, parts: new Map() });
      return id;
    });
  }

  putPart(_key: string, uploadId: string, partNumber: number, bytes: Uint8Array): Promise<UploadedPart> {
    return this.#do(() => {
      const upload = this.#uploads.get(uploadId);
      if (!upload) throw new Error("no such upload");
      upload.parts.set(partNumber, bytes);
      return { partNumber, etag: shaOf(bytes) };
    });
  }

  finish(key: string, uploadId: string, parts: readonly UploadedPart[]): Promise<void> {
    return this.#do(() => {
      const upload = this.#uploads.get(uploadId);
      if (!upload) throw new Error("no such upload");
      const all = parts.map(({ partNumber }) => upload.parts.get(partNumber) ?? new Uint8Array());
      this.objects.set(key, Buffer.concat(all));
      this.#uploads.delete(uploadId);
    });
  }

  abort(_key: string, uploadId: string): Promise<void> {
    return this.#do(() => void this.#uploads.delete(uploadId));
  }

  check(key: string): Promise<{ bytes: number; sha256: string } | undefined> {
    return this.#do(() => {
      const bytes = this.objects.get(key);
      return bytes && { bytes: bytes.length, sha256: shaOf(bytes) };
    });
  }

  text(key: string): Promise<string | undefined> {
    return this.#do(() => {
      const bytes = this.objects.get(key);
      return bytes && new TextDecoder().decode(bytes);
    });
  }

  delete(key: string): Promise<void> {
    return this.#do(() => void this.objects.delete(key));
  }

  async #do<T>(what: () => T): Promise<T> {
    const mood = this.mood();
    await Promise.resolve();
    if (mood === "down") throw new Error("R2 is down");
    const value = what();
    if (mood === "answer_lost") throw new Error("R2's answer was lost");
    return value;
  }
}

export interface World {
  readonly clock: { now: number };
  readonly bucket: FakeBucket;
  readonly registry: Registry;
  readonly registryMood: { mood: () => Mood };
  readonly users: Map<string, NodeSqlite>;
  /** How often a user's file was made anew, and whether it can be. */
  readonly scrubs: { done: number; isDown: boolean };
  /** A user's object over the same storage, as after a kill. */
  readonly wake: (user?: string, db?: (database: Database) => Database) => UserSync;
}

export function newWorld(random: () => number = () => 0.5): World {
  const clock = { now: startMs };
  const now = (): number => clock.now;
  const bucket = new FakeBucket();
  const registry = new Registry(nodeSqlite(now).open(), bucket);
  const registryMood: World["registryMood"] = { mood: () => "up" };
  let ids = 0;
  const told = async <T>(what: () => T): Promise<T> => {
    const mood = registryMood.mood();
    await Promise.resolve();
    if (mood === "down") throw new Error("the registry is down");
    const value = what();
    if (mood === "answer_lost") throw new Error("the registry's answer was lost");
    return value;
  };
  const holders: Holders = {
    hold: (body: HeldBody) => told(() => registry.hold(body)),
    release: (body) => told(() => registry.release(body)),
  };
  const users = new Map<string, NodeSqlite>();
  const scrubs = { done: 0, isDown: false };
  const scrub = async (): Promise<void> => {
    await Promise.resolve();
    if (scrubs.isDown) throw new Error("the file is in use");
    scrubs.done += 1;
  };
  const wake: World["wake"] = (user = "ada", over = (database) => database) => {
    const sqlite = users.get(user) ?? nodeSqlite(now);
    users.set(user, sqlite);
    return new UserSync({
      db: over(sqlite.open()),
      bucket,
      holders,
      newId: () => `id-${(ids += 1)}`,
      keyPrefix: "tenants/acme/bodies/",
      synced: () => Promise.resolve(),
      scrub,
      random,
      log: { ...logFor({}), warn: () => undefined },
    });
  };
  return { clock, bucket, registry, registryMood, users, scrubs, wake };
}

/** A push and a pull of one device, taken. */
export function synced(sync: UserSync, collection: Collection, asked: Partial<SyncBody>): SyncAnswer {
  const answer = sync.sync(collection, { device_id: "laptop", limit: 500, changes: [], ...asked });
  if (!answer.ok) throw new Error(`refused: ${answer.error}`);
  return answer.value;
}

/** Uploads a body, all of it. */
export async function uploaded(sync: UserSync, bytes: Uint8Array): Promise<string> {
  const sha256 = shaOf(bytes);
  const state = sync.bodies.start(sha256, bytes.length);
  if (!state.ok) throw new Error(state.error);
  const { part_bytes, parts, received, is_kept } = state.value;
  if (is_kept) return sha256;
  for (let part = 1; part <= parts; part += 1) {
    if (received.includes(part)) continue;
    const put = await sync.bodies.putPart(sha256, part, bytes.subarray((part - 1) * part_bytes, part * part_bytes));
    if (!put.ok) throw new Error(put.error);
  }
  const done = await sync.bodies.complete(sha256);
  if (!done.ok) throw new Error(done.error);
  return sha256;
}
