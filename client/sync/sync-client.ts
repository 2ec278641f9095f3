/**
 * The same documents on every device of a user, also of one that is offline: what is changed here is kept, and sent until the gateway has said what
 * became of it (SPEC SY11 to SY14). One run at a time. Knows no storage, no wire and no clock but by their ports.
 */
import type { SyncStatus } from "../../schemas/http/sync.ts";
import { type Collection, collectionSchema } from "../../schemas/sync/documents.ts";
import { Bodies } from "./bodies.ts";
import { type ConflictMerge, conflictOf, mergeOf } from "./conflict-views.ts";
import { type Batch, changeOf, contentOf, DeviceState } from "./device-state.ts";
import { fitting } from "./fitting-edits.ts";
import {
  type BasedOn,
  type Choice,
  type PendingChange,
  type RunOptions,
  type SyncClientOptions,
  type SyncConflict,
  type SyncContent,
  type SyncDocument,
  SyncOtherUserError,
  type SyncReport,
} from "./sync-types.ts";

/** A log that is made anew while it is read, over and over. */
const maxResets = 3;

export class SyncClient {
  readonly #options: SyncClientOptions;
  readonly #state: DeviceState;
  readonly #bodies: Bodies;
  /** Commits follow each other, and what is read between them is what is on disk. */
  #last: Promise<unknown> = Promise.resolve();
  #running: Promise<unknown> = Promise.resolve();
  /** Whether the gateway has said, since this was opened, whose documents these are. */
  #isOwn = false;

  private constructor(options: SyncClientOptions, state: DeviceState) {
    this.#options = options;
    this.#state = state;
    this.#bodies = new Bodies({ ...options, retried: (send, signal) => this.#retried(send, signal) });
  }

  /** @param deviceId of a device that has none yet. @throws SyncDamagedError, or what the storage does. */
  static async open(options: SyncClientOptions, deviceId?: string): Promise<SyncClient> {
    const state = new DeviceState(await options.storage.load());
    const client = new SyncClient(options, state);
    if (state.deviceId === undefined) await client.#commit(() => state.named(deviceId ?? options.newId()));
    return client;
  }

  get deviceId(): string {
    return this.#state.deviceId ?? "";
  }

  /** As they stand here, with what was changed here. */
  documents(collection: Collection): SyncDocument[] {
    const ids = new Set([
      ...this.#state.versions(collection).map(({ id }) => id),
      ...this.#state.edits(collection).map(({ id }) => id),
    ]);
    return [...ids].flatMap((id) => this.document(collection, id) ?? []);
  }

  document(collection: Collection, id: string): SyncDocument | undefined {
    const version = this.#state.version(collection, id);
    const edit = this.#state.edit(collection, id);
    const revision = version?.revision ?? 0;
    if (edit && edit.content !== undefined)
      return edit.content === null ? undefined : { ...edit.content, id, revision, isPending: true };
    return version && !version.deleted ? { ...contentOf(version), id, revision, isPending: false } : undefined;
  }

  /** Each with what stands now. */
  conflicts(): SyncConflict[] {
    return this.#state.conflicts().map((kept) => conflictOf(this.#state, kept));
  }

  pending(): PendingChange[] {
    return collectionSchema.options.flatMap((collection) =>
      this.#state.edits(collection).map(({ id, content, refused }) => ({
        collection,
        id,
        isDeletion: content === null,
        refused: refused as PendingChange["refused"],
      })),
    );
  }

  /** Resolves once it is kept here. A text too long to be sent in a push is kept as a body. */
  async set(collection: Collection, id: string, content: SyncContent, based: BasedOn = {}): Promise<void> {
    const kept = await this.#bodies.kept(content);
    await this.#commit(() => this.#state.edited(collection, id, kept, based));
  }

  /** A document whose body is bytes. Resolves once they are kept here. */
  async setBody(
    collection: "knowledge" | "adapters",
    id: string,
    bytes: Uint8Array,
    content: SyncContent,
  ): Promise<void> {
    const sha256 = await this.#bodies.keep(bytes);
    await this.#commit(() => this.#state.edited(collection, id, { ...content, sha256 }));
  }

  async delete(collection: Collection, id: string, based: BasedOn = {}): Promise<void> {
    await this.#commit(() => this.#state.edited(collection, id, null, based));
  }

  /** The bytes of a document's body, from here or from the gateway, checked. @throws where they are not what they were. */
  async body(sha256: string, signal?: AbortSignal): Promise<Uint8Array> {
    return this.#bodies.read(sha256, signal);
  }

  /**
   * Somebody has chosen; sent with the next run.
   * @param based `theirs.revision` as it was shown to them, where this device may have taken a newer one since: what they have not seen is
   *   not written over, but becomes another conflict. Without it they have seen what stands here now. @returns whether there is such a conflict.
   */
  async resolve(conflictId: string, choice: Choice, based: BasedOn = {}): Promise<boolean> {
    const kept = this.#state.conflict(conflictId);
    if (!kept) return false;
    const { collection, conflict } = kept;
    const { id, yours } = conflict;
    const wanted =
      choice === "theirs" || (choice === "mine" && !yours) ? undefined : choice === "mine" ? yours : choice;
    const content =
      wanted === undefined || wanted === null
        ? undefined
        : "merged" in wanted
          ? await this.#bodies.kept(wanted.merged)
          : wanted.deleted
            ? null
            : contentOf(wanted);
    const revision = based.revision ?? this.#state.version(collection, id)?.revision ?? 0;
    const seen = content === undefined ? {} : { revision };
    await this.#commit(() => this.#state.edited(collection, id, content, { resolves: [conflictId], ...seen }));
    return true;
  }

  /**
   * Both sides of a conflict of settings as one, by key; the base is known where the conflict began here. Undefined for any other conflict.
   * `revision` is of what stood: `resolve` takes it.
   */
  mergeOf(conflictId: string): ConflictMerge | undefined {
    return mergeOf(this.#state, conflictId);
  }

  /** What the gateway says of all that is synced; not what is here. */
  status(signal?: AbortSignal): Promise<SyncStatus> {
    return this.#retried(() => this.#options.transport.status(signal), signal);
  }

  async retryRefused(): Promise<void> {
    await this.#commit(() => this.#state.unrefused());
  }

  /**
   * Sends what was changed here and takes what is new, until there is neither. Again after a failure or a kill: it goes on where it was.
   * @throws what the transport does once it has tried as often as it may, or the signal's reason; what is kept here stays.
   */
  run({ collections = collectionSchema.options, signal }: RunOptions = {}): Promise<SyncReport> {
    const next = this.#running.then(() => this.#run(collections, signal));
    // Whoever called has the failure; the next run only waits for this one's end.
    this.#running = next.catch(() => undefined);
    return next;
  }

  async close(): Promise<void> {
    await this.#running;
    await this.#last;
    await this.#options.storage.close();
  }

  async #run(collections: readonly Collection[], signal: AbortSignal | undefined): Promise<SyncReport> {
    const counts = { pushed: 0, pulled: 0, reset: new Set<Collection>() };
    await this.#tell();
    for (const collection of collections) {
      for (let resets = 0, isMore = true; isMore;) {
        signal?.throwIfAborted();
        const step = await this.#step(collection, signal);
        counts.pushed += step.pushed;
        counts.pulled += step.pulled;
        if (step.isReset) {
          counts.reset.add(collection);
          this.#options.onReset?.(collection);
          if ((resets += 1) > maxResets) throw new Error(`The log of ${collection} is made anew again and again.`);
        }
        await this.#tell();
        isMore = step.isMore;
      }
    }
    return { ...counts, reset: [...counts.reset], pending: this.pending(), conflicts: this.conflicts() };
  }

  /** One request: a push, if there is one, and a page. */
  async #step(
    collection: Collection,
    signal: AbortSignal | undefined,
  ): Promise<{ pushed: number; pulled: number; isReset: boolean; isMore: boolean }> {
    await this.#checkOwner(collection, signal);
    if (!this.#state.flight(collection))
      await this.#commit(() => this.#state.sent(collection, this.#options.newId(), fitting) ?? new Map());
    const flight = this.#state.flight(collection);
    await this.#bodies.upload(flight?.edits ?? [], signal);
    const { since, scan } = this.#state.place(collection);
    const { pageSize, transport, now } = this.#options;
    const request = {
      device_id: this.deviceId,
      since,
      ...(scan === null ? {} : { scan }),
      ...(pageSize === undefined ? {} : { limit: pageSize }),
      ...(flight ? { push_id: flight.push_id } : {}),
      changes: (flight?.edits ?? []).map(changeOf),
    };
    const answer = await this.#retried(() => transport.sync(collection, request, signal), signal);
    this.#expectOwn(answer.user);
    if (answer.has_more && !answer.reset && answer.revision <= since)
      throw new Error(`The gateway's pages of ${collection} do not go on.`);
    await this.#commit(() => this.#state.answered(collection, answer, new Date(now()).toISOString()));
    await this.#bodies.drop(flight?.edits ?? [], (sha256) => this.#isWaiting(sha256));
    const pushed = answer.applied.filter(({ outcome }) => outcome === "applied" || outcome === "unchanged").length;
    const isWaiting = this.#state.edits(collection).some(({ refused }) => refused === undefined);
    return { pushed, pulled: answer.changes.length, isReset: answer.reset, isMore: answer.has_more || isWaiting };
  }

  /** Before anything is sent: a folder may have been given another credential since. */
  async #checkOwner(collection: Collection, signal: AbortSignal | undefined): Promise<void> {
    if (this.#isOwn || this.#state.user === undefined) return;
    const request = { device_id: this.deviceId, since: this.#state.place(collection).since, limit: 1, changes: [] };
    this.#expectOwn(
      (await this.#retried(() => this.#options.transport.sync(collection, request, signal), signal)).user,
    );
  }

  /** @param user as a gateway of an earlier version does not say it. */
  #expectOwn(user: string | undefined): void {
    const { user: own } = this.#state;
    if (user !== undefined && own !== undefined && user !== own) throw new SyncOtherUserError();
    this.#isOwn = true;
  }

  async #tell(): Promise<void> {
    const { onConflict } = this.#options;
    if (!onConflict) return;
    for (const kept of this.#state.conflicts()) {
      if (kept.is_told) continue;
      await onConflict(conflictOf(this.#state, kept));
      await this.#commit(() => this.#state.told(kept.conflict.conflict_id));
    }
  }

  #isWaiting(sha256: string): boolean {
    return collectionSchema.options.some((collection) =>
      [...this.#state.edits(collection), ...(this.#state.flight(collection)?.edits ?? [])].some(
        ({ content }) => content?.sha256 === sha256,
      ),
    );
  }

  async #retried<T>(send: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    const { attempts, delayMs, pause, onWait } = this.#options;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await send();
      } catch (cause) {
        const wait = attempt > attempts ? undefined : delayMs(cause, attempt);
        signal?.throwIfAborted();
        if (wait === undefined) throw cause;
        onWait?.({ why: cause instanceof Error ? cause.message : String(cause), delayMs: wait, attempt });
        await pause(wait, signal);
      }
    }
  }

  async #committed(before: Promise<unknown>, batchOf: () => Batch): Promise<void> {
    await before;
    const batch = batchOf();
    if (batch.size === 0) return;
    await this.#options.storage.commit(batch);
    this.#state.take(batch);
  }

  /** Made from what is on disk when its turn comes. */
  async #commit(batchOf: () => Batch): Promise<void> {
    const before = this.#last;
    const next = this.#committed(before, batchOf);
    // Whoever called has the failure; the next commit only waits for this one's end.
    this.#last = next.catch(() => undefined);
    await next;
  }
}
