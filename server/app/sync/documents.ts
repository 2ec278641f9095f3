/**
 * The documents of one user (SPEC SY): what devices push is applied, or kept as a conflict; what they lack is given. Pure but for its
 * database: all of a push is one commit, and a pull reads what is new and nothing else. Knows no platform, no body and no index.
 */
import { createHash } from "node:crypto";
import { toHex } from "../../../schemas/chain.ts";
import { limits } from "../../../schemas/limits.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import type { Outcome } from "../../../schemas/sync/documents.ts";
import { canonicalJson } from "../../shared/json/canonical-json.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { PushLog } from "./push-log.ts";
import { type LockRefusal, SyncLock } from "./sync-lock.ts";
import { type ConflictRow, type DocumentRow, DocumentStore } from "./sync-tables.ts";

/** What a device wants of a document. `content` undefined: nothing but settling conflicts. */
export interface WantedChange {
  readonly id: string;
  readonly revision: number | undefined;
  readonly content: { readonly [name: string]: unknown } | null | undefined;
  readonly resolves: readonly string[];
}

export interface Push {
  readonly deviceId: string;
  readonly pushId: string | undefined;
  readonly baseRevision: number;
  readonly fence: number | undefined;
  readonly changes: readonly WantedChange[];
}

export interface Pulled {
  readonly revision: number;
  readonly scan: number | null;
  readonly hasMore: boolean;
  readonly reset: boolean;
  readonly documents: readonly DocumentRow[];
  readonly conflicts: readonly (ConflictRow & { readonly theirs: DocumentRow | undefined })[];
}

export type PushRefusal = LockRefusal | "idempotency_mismatch";

export interface DocumentsDeps {
  readonly db: Database;
  readonly newId: () => string;
  /** What keeps a content from being taken; called inside the commit that would take it. */
  readonly refusalOf: (collection: string, content: WantedChange["content"]) => Outcome["reason"] | undefined;
  /** A document has another content; inside its commit. */
  readonly changed: (row: DocumentRow, before: DocumentRow | undefined) => void;
}

export class Documents {
  readonly store: DocumentStore;
  readonly lock: SyncLock;
  readonly #deps: DocumentsDeps;
  readonly #pushes: PushLog;

  constructor(deps: DocumentsDeps) {
    this.#deps = deps;
    this.store = new DocumentStore(deps.db);
    this.lock = new SyncLock(deps.db);
    this.#pushes = new PushLog(deps.db);
  }

  /** Takes a push, all of it in one commit. One that came before gets the outcomes of then, and changes nothing. */
  push(collection: string, push: Push): Result<Outcome[], PushRefusal> {
    return this.#deps.db.transaction(() => {
      const { deviceId, pushId, fence, changes, baseRevision } = push;
      if (changes.length === 0) return ok([]);
      const digest = pushId === undefined ? "" : digestOf({ collection, baseRevision, changes });
      const before = pushId === undefined ? undefined : this.#pushes.find(deviceId, pushId);
      if (before) return before.digest === digest ? ok(before.outcomes) : err("idempotency_mismatch");
      const refusal = this.lock.refusalOf(fence);
      if (refusal) return err(refusal);
      const outcomes = changes.map((change) => this.#apply(collection, push, change));
      if (pushId !== undefined) this.#pushes.add(deviceId, pushId, digest, outcomes);
      return ok(outcomes);
    });
  }

  /** A document as somebody other than a device has made it. */
  note(collection: string, id: string, content: WantedChange["content"], by: string): void {
    this.#deps.db.transaction(() => {
      const current = this.store.document(collection, id);
      const text = content ? canonicalJson(content) : null;
      if (current ? current.content === text : text === null) return;
      this.#put(collection, id, content ?? null, by, current);
    });
  }

  /** @param scan as the page before gave it. @param since what the device has, or the page before gave. */
  pull(collection: string, since: number, scan: number | undefined, most: number): Pulled {
    const { lastRevision } = this.store;
    // While it gathers all there is, what counts is when it began to.
    const trusted = scan ?? since;
    const isBeyond = since > lastRevision || trusted > lastRevision;
    // Also one that has pulled nothing yet may have something: what it pushed, and whose answer it got late.
    const reset = isBeyond || trusted < this.store.horizon(collection);
    const from = reset ? 0 : since;
    const begun = reset ? lastRevision : (scan ?? (from === 0 ? lastRevision : 0));
    const documents = this.store.documentsAfter(collection, from, most + 1);
    const conflicts = this.store.conflictsAfter(collection, from, most + 1);
    const through = lastOfPage([...documents, ...conflicts], most);
    const isHere = ({ revision }: DocumentRow): boolean => through === undefined || revision <= through;
    return {
      revision: through ?? lastRevision,
      hasMore: through !== undefined,
      scan: through === undefined || begun === 0 ? null : begun,
      reset,
      documents: documents.filter(isHere),
      conflicts: conflicts.filter(isHere).map((row) => ({ ...row, theirs: this.store.document(collection, row.id) })),
    };
  }

  /** Forgets deletions that every device may be told of no more. @returns whether there is more to forget. */
  forget(most = 1_000): boolean {
    const { db } = this.#deps;
    return db.transaction(() => this.store.forget(db.now() - limits.syncTombstoneMs, most));
  }

  #apply(collection: string, { deviceId, baseRevision }: Push, change: WantedChange): Outcome {
    const { id, content, resolves } = change;
    const current = this.store.document(collection, id);
    const now = { id, revision: current?.revision ?? 0 };
    const settle = (): void => this.settle(collection, id, resolves);
    if (content === undefined) {
      settle();
      return { ...now, outcome: "unchanged" };
    }
    const text = content === null ? null : canonicalJson(content);
    if (current ? current.content === text : text === null) {
      settle();
      return { ...now, outcome: "unchanged" };
    }
    const reason = this.#deps.refusalOf(collection, content);
    if (reason) return { ...now, outcome: "refused", reason };
    const base = change.revision ?? baseRevision;
    // One that is not there, and was: it was deleted so long ago that nobody knows when.
    const isForgotten = current === undefined && (change.revision ?? 0) > 0;
    if (isForgotten || (current !== undefined && current.revision > base)) {
      return this.conflict(collection, deviceId, { id, base, content, text }, now);
    }
    const isMore = content !== null && current?.deleted !== 0;
    if (isMore && this.store.counts(collection).documents >= limits.maxSyncDocuments)
      return { ...now, outcome: "refused", reason: "too_many_documents" };
    const revision = this.#put(collection, id, content, deviceId, current);
    settle();
    return { id, outcome: "applied", revision };
  }

  #put(
    collection: string,
    id: string,
    content: { readonly [name: string]: unknown } | null,
    deviceId: string,
    before: DocumentRow | undefined,
  ): number {
    const revision = this.store.nextRevision();
    const row: DocumentRow = {
      collection,
      id,
      revision,
      device_id: deviceId,
      at: this.#deps.db.now(),
      deleted: content === null ? 1 : 0,
      content: content === null ? null : canonicalJson(content),
      sha256: shaOf(content),
    };
    this.store.put(row);
    this.#deps.changed(row, before);
    return revision;
  }

  /** Keeps what a device wanted, for somebody to choose. In the commit of its push. */
  conflict(
    collection: string,
    deviceId: string,
    { id, base, content, text }: { id: string; base: number; content: WantedChange["content"]; text: string | null },
    now: { readonly id: string; readonly revision: number },
  ): Outcome {
    // The same once more, by a device whose answer was lost.
    const same = this.store.sameConflict(collection, id, deviceId, base, text);
    if (same) return { ...now, outcome: "conflict", conflict_id: same.conflict_id };
    if (this.store.counts(collection).open_conflicts >= limits.maxSyncConflicts)
      return { ...now, outcome: "refused", reason: "too_many_conflicts" };
    const conflict_id = this.#deps.newId();
    this.store.putConflict({
      conflict_id,
      collection,
      id,
      base,
      device_id: deviceId,
      resolved: 0,
      at: this.#deps.db.now(),
      revision: this.store.nextRevision(),
      deleted: text === null ? 1 : 0,
      content: text,
      sha256: shaOf(content),
    });
    return { ...now, outcome: "conflict", conflict_id };
  }

  /** Somebody has chosen. In the commit of their push. */
  settle(collection: string, id: string, conflictIds: readonly string[]): void {
    for (const conflictId of conflictIds) {
      const row = this.store.conflict(conflictId);
      if (row?.collection !== collection || row.id !== id || row.resolved === 1) continue;
      const [revision, at] = [this.store.nextRevision(), this.#deps.db.now()];
      this.store.putConflict({ ...row, revision, at, resolved: 1, content: null, sha256: null });
    }
  }
}

function shaOf(content: WantedChange["content"]): string | null {
  const sha256 = content?.["sha256"];
  return typeof sha256 === "string" ? sha256 : null;
}

/** The revision of a page's last row, where there is more than a page: as many rows as it may have, and as much content. */
function lastOfPage(rows: readonly DocumentRow[], most: number): number | undefined {
  let chars = 0;
  const sorted = rows.toSorted((a, b) => a.revision - b.revision);
  const beyond = sorted.findIndex(
    ({ content }, n) => n >= most || ((chars += content?.length ?? 0) > limits.maxSyncPageChars && n > 0),
  );
  return beyond === -1 ? undefined : sorted[beyond - 1]?.revision;
}

/** Of a push, by what it says. */
export function digestOf(value: object): string {
  return toHex(
    createHash("sha256")
      .update(new TextEncoder().encode(canonicalJson(value)))
      .digest(),
  );
}
