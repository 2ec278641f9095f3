/**
 * What one device has of its user's documents, and what it has not sent yet (SPEC SY11 to SY13). Pure: each change is a batch for the storage,
 * and counts once that is committed. A change that is under way stays as it was sent until the gateway has said what became of it.
 */
import type { SyncAnswer } from "../../schemas/http/sync.ts";
import {
  type Change,
  type Collection,
  type Conflict,
  collectionSchema,
  type Outcome,
  type Version,
} from "../../schemas/sync/documents.ts";
import {
  type Device,
  type Edit,
  type Flight,
  isKept,
  type KeptConflict,
  keys,
  newPlace,
  type Place,
} from "./device-rows.ts";
import { sameJson } from "./same-json.ts";
import { type SyncContent, SyncDamagedError } from "./sync-types.ts";

/** How often a body is sent once more that the gateway says it lacks. */
const maxAttempts = 3;

export type Batch = Map<string, unknown>;

export class DeviceState {
  readonly #rows: Map<string, unknown>;

  /** @param rows as the storage has them. @throws SyncDamagedError for what no version of this wrote. */
  constructor(rows: ReadonlyMap<string, unknown>) {
    this.#rows = new Map(rows);
    for (const [key, value] of rows) if (!isKept(key, value)) throw new SyncDamagedError(`${key} is damaged.`);
  }

  /** A batch that was committed. */
  take(batch: ReadonlyMap<string, unknown>): void {
    for (const [key, value] of batch) {
      if (value === null) this.#rows.delete(key);
      else this.#rows.set(key, value);
    }
  }

  get deviceId(): string | undefined {
    return (this.#row(keys.device) as Device | undefined)?.device_id;
  }

  /** Whose documents these are; undefined until a gateway has said so. */
  get user(): string | undefined {
    return (this.#row(keys.device) as Device | undefined)?.user;
  }

  named(deviceId: string): Batch {
    return new Map([[keys.device, { device_id: deviceId, edits: 0 }]]);
  }

  place(collection: Collection): Place {
    return (this.#row(keys.place(collection)) as Place | undefined) ?? newPlace;
  }

  flight(collection: Collection): Flight | undefined {
    return this.#row(keys.flight(collection)) as Flight | undefined;
  }

  version(collection: Collection, id: string): Version | undefined {
    return (this.#row(keys.document(collection, id)) as { version: Version } | undefined)?.version;
  }

  versions(collection: Collection): Version[] {
    return (this.#under(`document/${collection}/`) as { version: Version }[]).map(({ version }) => version);
  }

  edit(collection: Collection, id: string): Edit | undefined {
    return this.#row(keys.edit(collection, id)) as Edit | undefined;
  }

  /** In the order in which they were made. */
  edits(collection: Collection): Edit[] {
    return (this.#under(`edit/${collection}/`) as Edit[]).sort((a, b) => a.n - b.n);
  }

  conflict(conflictId: string): KeptConflict | undefined {
    return this.#row(keys.conflict(conflictId)) as KeptConflict | undefined;
  }

  /** In the order of the log. */
  conflicts(): KeptConflict[] {
    return (this.#under("conflict/") as KeptConflict[]).sort((a, b) => a.conflict.revision - b.conflict.revision);
  }

  /** Somebody changes a document here. What they settle besides stays settled by a later change of the same. */
  edited(
    collection: Collection,
    id: string,
    content: SyncContent | null | undefined,
    { resolves = [], revision }: { readonly resolves?: readonly string[]; readonly revision?: number } = {},
  ): Batch {
    const earlier = this.edit(collection, id);
    const version = this.version(collection, id);
    const n = this.#edits + 1;
    const stands = version && !version.deleted ? contentOf(version) : null;
    const edit: Edit = {
      id,
      n,
      // What it is based on is what was seen when the first of these edits was made.
      revision: revision ?? earlier?.revision ?? version?.revision ?? 0,
      before: earlier ? earlier.before : stands,
      content: content === undefined ? earlier?.content : content,
      resolves: [...new Set([...(earlier?.resolves ?? []), ...resolves])],
      attempts: 0,
    };
    return new Map<string, unknown>([
      [keys.edit(collection, id), edit],
      [keys.device, this.#device(n, this.user)],
    ]);
  }

  /** Takes edits that are to be sent, from the oldest on. Undefined where there are none, or a flight is under way. */
  sent(collection: Collection, pushId: string, fits: (edits: readonly Edit[]) => readonly Edit[]): Batch | undefined {
    const waiting = this.edits(collection).filter(({ refused }) => refused === undefined);
    const edits = fits(waiting);
    return edits.length === 0 ? undefined : new Map([[keys.flight(collection), { push_id: pushId, edits }]]);
  }

  /** Has refused changes sent again. */
  unrefused(): Batch {
    const batch: Batch = new Map();
    for (const collection of collectionSchema.options)
      for (const edit of this.edits(collection))
        if (edit.refused !== undefined)
          batch.set(keys.edit(collection, edit.id), { ...edit, refused: undefined, attempts: 0 });
    return batch;
  }

  told(conflictId: string): Batch {
    const kept = this.conflict(conflictId);
    return new Map(kept ? [[keys.conflict(conflictId), { ...kept, is_told: true }]] : []);
  }

  /** What the gateway answered: what became of the flight, and what is new, in one batch. */
  answered(collection: Collection, answer: SyncAnswer, at: string): Batch {
    const place = this.place(collection);
    const generation = place.generation + (answer.reset ? 1 : 0);
    const batch: Batch = new Map();
    if (answer.user !== undefined && this.user === undefined)
      batch.set(keys.device, this.#device(this.#edits, answer.user));
    const flight = this.flight(collection);
    if (flight) batch.set(keys.flight(collection), null);
    for (const edit of flight?.edits ?? []) {
      const outcome = answer.applied.find(({ id }) => id === edit.id);
      // A push that was taken long ago may have been deleted and forgotten since: what a reset does not list is gone all the same.
      if (outcome) this.#settle(batch, { collection, edit, outcome, at, generation: place.generation });
    }
    for (const version of answer.changes) this.#put(batch, collection, version, generation);
    for (const conflict of answer.conflicts) this.#putConflict(batch, collection, conflict, generation, flight);
    batch.set(keys.place(collection), { since: answer.revision, scan: answer.scan, generation } satisfies Place);
    if (!answer.has_more && (answer.reset || place.scan !== null)) this.#sweep(batch, collection, generation);
    return batch;
  }

  #settle(
    batch: Batch,
    told: { collection: Collection; edit: Edit; outcome: Outcome; at: string; generation: number },
  ): void {
    const { collection, edit, outcome, at, generation } = told;
    const key = keys.edit(collection, edit.id);
    const now = this.edit(collection, edit.id);
    const isNewer = now !== undefined && now.n > edit.n;
    if (outcome.outcome === "refused") {
      if (isNewer || !now) return;
      const attempts = edit.attempts + 1;
      const isWorthIt = outcome.reason === "body_missing" && attempts < maxAttempts;
      batch.set(key, { ...now, attempts, refused: isWorthIt ? undefined : (outcome.reason ?? "full") });
      return;
    }
    const isThere = outcome.outcome === "applied" || outcome.outcome === "unchanged";
    // An edit that was made while this one was under way is based on the version that the gateway gave to this one.
    if (!isNewer) batch.set(key, null);
    else if (isThere && edit.content !== undefined) {
      const resolves = now.resolves.filter((one) => !edit.resolves.includes(one));
      batch.set(key, { ...now, revision: outcome.revision, before: edit.content, resolves });
    }
    if (!isThere || edit.content === undefined || outcome.revision === 0) return;
    const deleted = edit.content === null;
    const version = { ...edit.content, id: edit.id, revision: outcome.revision, deleted, at };
    this.#put(batch, collection, { ...version, device_id: this.deviceId ?? "" }, generation);
  }

  #put(batch: Batch, collection: Collection, version: Version, generation: number): void {
    const key = keys.document(collection, version.id);
    const known =
      (batch.get(key) as { version: Version } | null | undefined)?.version ?? this.version(collection, version.id);
    // The same again still belongs to the newest listing.
    const newest = known && known.revision > version.revision ? known : version;
    batch.set(key, { version: newest, generation });
  }

  #putConflict(
    batch: Batch,
    collection: Collection,
    conflict: Conflict,
    generation: number,
    flight: Flight | undefined,
  ): void {
    const key = keys.conflict(conflict.conflict_id);
    if (conflict.resolved) return void batch.set(key, null);
    const known = this.conflict(conflict.conflict_id);
    const own = flight?.edits.find(({ id, content }) => id === conflict.id && sameContent(content, conflict.yours));
    const before = known?.before ?? own?.before;
    const kept = { collection, conflict, generation, is_told: known?.is_told ?? false };
    batch.set(key, { ...kept, ...(before === undefined ? {} : { before }) });
  }

  /** After a whole listing: what was not in it is gone. */
  #sweep(batch: Batch, collection: Collection, generation: number): void {
    const isOld = (row: unknown): boolean => (row as { generation: number }).generation < generation;
    for (const [key, row] of this.#rows) {
      const isOwn =
        key.startsWith(`document/${collection}/`) ||
        (key.startsWith("conflict/") && (row as KeptConflict).collection === collection);
      if (isOwn && isOld(batch.get(key) ?? row)) batch.set(key, null);
    }
  }

  #device(edits: number, user: string | undefined): Device {
    return { device_id: this.deviceId ?? "", edits, ...(user === undefined ? {} : { user }) };
  }

  get #edits(): number {
    return (this.#row(keys.device) as Device | undefined)?.edits ?? 0;
  }

  /** Checked when they were loaded, or written by this. */
  #row(key: string): unknown {
    return this.#rows.get(key);
  }

  #under(prefix: string): unknown[] {
    return [...this.#rows].filter(([key]) => key.startsWith(prefix)).map(([, value]) => value);
  }
}

/** A change as it is sent. */
export function changeOf({ id, revision, content, resolves }: Edit): Change {
  const settles = resolves.length > 0 ? { resolves: [...resolves] } : {};
  if (content === undefined) return { id, ...settles };
  return (content === null
    ? { id, revision, deleted: true, ...settles }
    : { id, revision, ...content, ...settles }) as unknown as Change;
}

export function contentOf({ title, media_type, base_model, body, sha256 }: Version): SyncContent {
  const all = { title, media_type, base_model, body, sha256 };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as SyncContent;
}

function sameContent(content: SyncContent | null | undefined, yours: Version | null): boolean {
  if (!yours || content === undefined) return false;
  return content === null ? yours.deleted : !yours.deleted && sameJson(content, contentOf(yours));
}
