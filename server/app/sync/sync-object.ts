/** What one user of a tenant syncs as a Durable Object, by `tenant:user`: storage, alarm and R2 around `UserSync`, and nothing else. */
import { createHash } from "node:crypto";
import { DurableObject } from "cloudflare:workers";
import { toHex } from "../../../schemas/chain.ts";
import type { BodyState, SyncBody, SyncStatus } from "../../../schemas/http/sync.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import type { Collection } from "../../../schemas/sync/documents.ts";
import { durableDatabase } from "../../shared/lib/durable-database.ts";
import { logFor } from "../../shared/telemetry/log.ts";
import type { Env } from "../env.ts";
import { scrubFile } from "../scrub-file.ts";
import type { Ranked } from "../search/rank-lines.ts";
import type { BodyRefusal } from "./bodies/bodies.ts";
import { r2Bucket } from "./bodies/r2-bucket.ts";
import type { PushRefusal } from "./documents.ts";
import type { PassageRow, WantedDocuments } from "./knowledge/knowledge-index.ts";
import type { LockRefusal, LockState } from "./sync-lock.ts";
import { UserSync } from "./user-sync.ts";

export class SyncDO extends DurableObject<Env> {
  readonly #sync: UserSync;
  /** The user as devices know them again (SPEC SY15). */
  readonly #user: string;
  /** As set by this object since it began. */
  #alarmAt: number | undefined;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const name = ctx.id.name;
    const tenant = name?.split(":", 1)[0];
    if (tenant === undefined) throw new Error("what is synced is asked for by its tenant's and its user's name");
    this.#user = toHex(
      createHash("sha256")
        .update(new TextEncoder().encode(`user ${name}`))
        .digest(),
    ).slice(0, 32);
    const registry = env.BODY_REGISTRY.getByName(tenant);
    this.#sync = new UserSync({
      db: durableDatabase(ctx.storage),
      bucket: r2Bucket(env.KNOWLEDGE_STORE),
      holders: { hold: async (body) => registry.hold(body), release: async (body) => registry.release(body) },
      newId: () => crypto.randomUUID(),
      keyPrefix: `tenants/${tenant}/bodies/`,
      synced: () => ctx.storage.sync(),
      scrub: env.LOCAL_STATE && (() => scrubFile(ctx, env, "SyncDO")),
      random: Math.random,
      log: logFor({ tenant }),
    });
  }

  /** @returns a `SyncAnswer` as JSON. */
  async sync(collection: Collection, asked: SyncBody): Promise<Result<string, PushRefusal>> {
    const answer = this.#sync.sync(collection, asked);
    await this.#setAlarm();
    await this.#sync.scrub();
    return answer.ok ? ok(JSON.stringify({ ...answer.value, user: this.#user })) : answer;
  }

  status(): SyncStatus {
    return this.#sync.status();
  }

  takeLock(deviceId: string, fence: number | undefined): Result<LockState, LockRefusal> {
    return this.#sync.documents.lock.take(deviceId, fence);
  }

  releaseLock(deviceId: string, fence: number): Result<LockState, LockRefusal> {
    return this.#sync.documents.lock.release(deviceId, fence);
  }

  async startBody(sha256: string, bytes: number): Promise<Result<BodyState, BodyRefusal>> {
    const state = this.#sync.bodies.start(sha256, bytes);
    await this.#setAlarm();
    return state;
  }

  putPart(sha256: string, part: number, bytes: Uint8Array): Promise<Result<BodyState, BodyRefusal>> {
    return this.#sync.bodies.putPart(sha256, part, bytes);
  }

  async completeBody(sha256: string): Promise<Result<BodyState, BodyRefusal>> {
    const state = await this.#sync.bodies.complete(sha256);
    await this.#setAlarm();
    return state;
  }

  /** Where a body of the user's is; undefined where they hold none like that. */
  bodyAt(sha256: string): { readonly key: string; readonly bytes: number } | undefined {
    return this.#sync.bodies.keyOf(sha256);
  }

  /** Passages of the user's knowledge that bear on a question, the best first. A body that was not read yet is read first, if it can be. */
  async find(question: string, documents: WantedDocuments, most: number): Promise<Ranked<PassageRow>[]> {
    return this.#sync.find(question, documents, most);
  }

  /** Whether a document says just that at a place, as it stands now. */
  has(place: Pick<PassageRow, "document_id" | "start" | "end" | "text">): boolean {
    return this.#sync.knowledge.has(place);
  }

  override async alarm(): Promise<void> {
    this.#alarmAt = undefined;
    await this.#sync.run();
    await this.#setAlarm();
  }

  /** Begun in the step that made the work, so that the platform keeps both or neither. */
  async #setAlarm(): Promise<void> {
    const at = this.#sync.nextRunAt;
    if (at === undefined) return;
    // As soon as it can be: a platform's alarm that is set already goes off before long.
    if (this.#alarmAt !== undefined && this.#alarmAt <= at) return;
    this.#alarmAt = at;
    await this.ctx.storage.setAlarm(at);
  }
}
