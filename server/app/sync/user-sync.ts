/**
 * All that one user syncs, put together: documents, bodies, and the words of knowledge (SPEC SY). Runs on any `Database`, with R2 and the
 * tenant's registry behind ports; whoever holds it sets its alarm to `nextRunAt`.
 */
import type { SyncAnswer, SyncBody, SyncStatus } from "../../../schemas/http/sync.ts";
import { limits } from "../../../schemas/limits.ts";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { SingleFlight } from "../../../schemas/lib/single-flight.ts";
import {
  type Change,
  type Collection,
  collectionSchema,
  type Conflict,
  type Outcome,
  type Version,
} from "../../../schemas/sync/documents.ts";
import { Cooldown } from "../../shared/lib/cooldown.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { describeError, type Log } from "../../shared/telemetry/log.ts";
import type { Ranked } from "../search/rank-lines.ts";
import type { BodyBucket, Holders } from "./bodies/body-bucket.ts";
import { Bodies } from "./bodies/bodies.ts";
import { Documents, type PushRefusal, type WantedChange } from "./documents.ts";
import { KnowledgeIndex, type PassageRow, type WantedDocuments } from "./knowledge/knowledge-index.ts";
import { devicesOf, deviceSeen } from "./push-log.ts";
import type { ConflictRow, DocumentRow } from "./sync-tables.ts";

export const syncTimings = { collectEveryMs: 86_400_000, backoff: { firstMs: 2_000, maxMs: 600_000 } } as const;

export interface UserSyncDeps {
  readonly db: Database;
  readonly bucket: BodyBucket;
  readonly holders: Holders;
  readonly newId: () => string;
  readonly keyPrefix: string;
  readonly synced: () => Promise<void>;
  /** Makes the file under the database anew; undefined where it is not this machine's. */
  readonly scrub: (() => Promise<void>) | undefined;
  readonly random: () => number;
  readonly log: Log;
}

export class UserSync {
  readonly documents: Documents;
  readonly bodies: Bodies;
  readonly knowledge: KnowledgeIndex;
  readonly #deps: UserSyncDeps;
  readonly #work: SingleFlight<void>;
  readonly #cooldown: Cooldown;
  #collectedAt = 0;

  constructor(deps: UserSyncDeps) {
    this.#deps = deps;
    const { db, random } = deps;
    this.knowledge = new KnowledgeIndex(db);
    this.documents = new Documents({
      ...deps,
      refusalOf: (collection, content) => this.#refusalOf(collection, content),
      changed: (row, before) => this.#changed(row, before),
    });
    this.bodies = new Bodies({
      ...deps,
      isNamed: (sha256) => this.documents.store.names(sha256),
      documentBytes: () => this.#documentBytes(),
    });
    this.#work = new SingleFlight(() => this.#run());
    this.#cooldown = new Cooldown({ ...syncTimings.backoff, now: db.now, random });
  }

  /** What a device changed, and then what is new to it. */
  sync(collection: Collection, asked: SyncBody): Result<SyncAnswer, PushRefusal> {
    const { device_id, push_id, base_revision: base = 0, fence, changes, since = base, scan, limit } = asked;
    const wanted = changes.map((change) => wantedOf(change));
    const push = { deviceId: device_id, pushId: push_id, baseRevision: base, fence, changes: wanted };
    const applied = this.documents.push(collection, push);
    if (!applied.ok) return applied;
    deviceSeen(this.#deps.db, device_id, Math.min(since, this.documents.store.lastRevision));
    const pulled = this.documents.pull(collection, since, scan, limit);
    // What the device has just brought along, it has; one that gathers all there is is given all there is.
    const isGathering = pulled.reset || pulled.scan !== null || scan !== undefined;
    const brought = isGathering ? [] : applied.value.filter(({ outcome }) => outcome === "applied");
    const own = new Map(brought.map(({ id, revision }) => [id, revision]));
    return ok({
      revision: pulled.revision,
      applied: applied.value,
      has_more: pulled.hasMore,
      scan: pulled.scan,
      reset: pulled.reset,
      conflicts: pulled.conflicts.map(conflictOf),
      changes: pulled.documents.filter(({ id, revision }) => own.get(id) !== revision).map(versionOf),
    });
  }

  /** Words that were removed lie on in no file. @throws where it could not be made anew now: `run` tries again. */
  async scrub(): Promise<void> {
    const { store } = this.documents;
    const removals = this.#unscrubbed;
    if (removals === undefined) return;
    await this.#deps.scrub?.();
    store.scrubbed(removals);
  }

  status(): SyncStatus {
    const { store, lock } = this.documents;
    const counts = collectionSchema.options.map((name) => {
      const { documents, open_conflicts } = store.counts(name);
      return [name, { documents, open_conflicts }] as const;
    });
    const { holder, expires_at } = lock.state;
    return {
      revision: store.lastRevision,
      collections: Object.fromEntries(counts) as SyncStatus["collections"],
      bytes: { used: this.bodies.usedBytes, max: limits.maxSyncBytes },
      lock: holder === null ? null : { device_id: holder, expires_at: new Date(expires_at).toISOString() },
      devices: devicesOf(this.#deps.db).map(({ device_id, last_at, revision }) => ({
        device_id,
        last_at: new Date(last_at).toISOString(),
        revision,
      })),
    };
  }

  /** Reads what is not read yet of the user's knowledge. What can't be read now is left for later. */
  async readKnowledge(most = 50): Promise<void> {
    for (const unread of this.knowledge.unread(most)) {
      const body = this.bodies.keyOf(unread.sha256);
      this.knowledge.read(unread, body && (await this.#deps.bucket.text(body.key)));
    }
  }

  /** Passages of knowledge that bear on a question, the best first. What can't be read from R2 now is not found: a question does not fail for it. */
  async find(question: string, documents: WantedDocuments, most: number): Promise<Ranked<PassageRow>[]> {
    if (this.knowledge.unread(1).length > 0) await this.run();
    return this.knowledge.find(question, documents, most);
  }

  /** When `run` is to be called, ms since 1970; undefined while there is nothing to do. */
  get nextRunAt(): number | undefined {
    const now = this.#deps.db.now();
    const isWaiting = this.#unscrubbed !== undefined || this.bodies.hasReleases || this.knowledge.unread(1).length > 0;
    if (isWaiting) return Math.max(now, this.#cooldown.until);
    return this.documents.store.lastRevision > 0 || this.bodies.store.usedBytes > 0
      ? Math.max(this.#collectedAt, now - syncTimings.collectEveryMs) + syncTimings.collectEveryMs
      : undefined;
  }

  /** The alarm. Never rejects for the sake of R2 or of the registry. */
  run(): Promise<void> {
    return this.#work.run();
  }

  async #run(): Promise<void> {
    this.#collectedAt = this.#deps.db.now();
    while (this.documents.forget()) await this.#deps.synced();
    this.bodies.collect();
    try {
      await this.scrub();
      await this.readKnowledge();
      await this.bodies.release();
      this.#cooldown.succeeded();
    } catch (cause) {
      this.#deps.log.warn("sync.not_done", { delay_ms: this.#cooldown.failed(), error: describeError(cause) });
    }
  }

  get #unscrubbed(): number | undefined {
    return this.#deps.scrub && this.documents.store.unscrubbed;
  }

  #refusalOf(collection: string, content: WantedChange["content"]): Outcome["reason"] | undefined {
    if (!content) return undefined;
    const { sha256 } = content;
    if (typeof sha256 === "string") {
      const body = this.bodies.keyOf(sha256);
      if (!body) return "body_missing";
      if (collection === "knowledge" && body.bytes > limits.maxKnowledgeBytes) return "body_too_long";
      this.bodies.store.touch(sha256);
    }
    const chars = JSON.stringify(content).length;
    return this.bodies.usedBytes + chars > limits.maxSyncBytes ? "full" : undefined;
  }

  #changed(row: DocumentRow, before: DocumentRow | undefined): void {
    // From now on nobody may name it: its month begins.
    if (before && before.sha256 !== null && before.sha256 !== row.sha256) this.bodies.store.touch(before.sha256);
    if (row.collection === "knowledge") this.knowledge.take(row.id, row.revision, contentOf(row));
  }

  #documentBytes(): number {
    return collectionSchema.options.reduce((sum, name) => sum + this.documents.store.counts(name).chars, 0);
  }
}

function wantedOf({ id, revision, resolves = [], deleted, ...content }: Change): WantedChange {
  const isNothing = Object.values(content).every((value) => value === undefined);
  return { id, revision, resolves, content: deleted ? null : isNothing ? undefined : content };
}

function contentOf({ content }: Pick<DocumentRow, "content">): { readonly [name: string]: unknown } | null {
  return content === null ? null : (JSON.parse(content) as { [name: string]: unknown });
}

function versionOf(row: DocumentRow): Version {
  const { id, revision, deleted, device_id, at } = row;
  return {
    ...contentOf(row),
    id,
    revision,
    device_id,
    deleted: deleted === 1,
    at: new Date(at).toISOString(),
  };
}

function conflictOf({ theirs, ...row }: ConflictRow & { readonly theirs: DocumentRow | undefined }): Conflict {
  const { conflict_id, id, revision, resolved, base } = row;
  return {
    conflict_id,
    id,
    revision,
    resolved: resolved === 1,
    yours: resolved === 1 ? null : versionOf({ ...row, revision: base }),
    theirs: theirs ? versionOf(theirs) : null,
  };
}
