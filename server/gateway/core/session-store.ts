/**
 * The session's own record: its status and the progress of finalize, each a row of `meta`. The status only
 * moves forward: open → finalizing → finalized, and from any of them → deleting → deleted.
 */
import * as z from "zod";
import { participantBodySchema } from "../../../schemas/http/participant-body.ts";
import { captionsModeSchema } from "../../../schemas/http/sessions.ts";
import {
  autoFinalizeMsSchema,
  deletionReceiptSchema,
  metadataSchema,
  type ResolveSettings,
  resolveSettingsSchema,
  retentionDaysSchema,
  type SessionStatus,
  sessionStatusSchema,
  titleSchema,
} from "../../../schemas/http/sessions.ts";
import { parseLater } from "../../../schemas/lib/read-later.ts";
import { cached, type Cached } from "../../shared/lib/cached.ts";
import type { Database } from "../../shared/lib/sql.ts";

/** What finalize was asked and how far it is. Kept, so that a crash continues with the same words and times. */
const finalizeRecordSchema = z.object({
  /** What finalize was given; in the result it goes over the session's own. */
  metadata: metadataSchema,
  /** When the session was frozen, ms since 1970; null while what is missing may still be sent. */
  begun_at: z.int().nullable(),
  /** Until when it may, ms since 1970. */
  grace_until: z.int(),
  /** Set once nothing of the session can change any more; ms since 1970. */
  sealed_at: z.int().nullable(),
  /** Whether nobody asked: the session ended by itself. */
  is_automatic: z.boolean().optional(),
});
export type FinalizeRecord = z.infer<typeof finalizeRecordSchema>;

/** What the session was told when it was opened or since. */
const configRecordSchema = z.object({
  title: titleSchema.optional(),
  metadata: metadataSchema,
  resolve: resolveSettingsSchema,
  webhook_url: z.string().optional(),
  captions: captionsModeSchema.optional(),
  participant: participantBodySchema.optional(),
  // Where a session was not told, the gateway's variables hold, as they are then.
  retention_days: retentionDaysSchema.nullable().optional(),
  auto_finalize_after_ms: autoFinalizeMsSchema.optional(),
});
type ConfigRecord = z.infer<typeof configRecordSchema>;

/** How far a deletion is; after it, what is left of the session. */
const deletionRecordSchema = z.object({
  by: deletionReceiptSchema.shape.by,
  /** ms since 1970. */
  requested_at: z.int(),
  objects: z.int(),
  bytes: z.int(),
  /** The last key that is in these two. */
  counted_to: z.string(),
  receipt: deletionReceiptSchema.nullable(),
  /** How often it was looked again, after the receipt. */
  sweeps: z.int(),
});
export type DeletionRecord = z.infer<typeof deletionRecordSchema>;

const statusOrder: readonly SessionStatus[] = ["open", "finalizing", "finalized", "deleting", "deleted"];

export class SessionStore {
  readonly #db: Database;
  /** Asked for every chunk. */
  readonly #config: Cached<ConfigRecord>;
  /** Asked for every frame; undefined for a session that was never opened. */
  readonly #status: Cached<SessionStatus | undefined>;

  constructor(db: Database, resolveDefaults: ResolveSettings) {
    this.#db = db;
    this.#config = cached(db, () => {
      const text = this.#read("config");
      if (text === undefined) return { metadata: {}, resolve: resolveDefaults };
      return parseLater(configRecordSchema, JSON.parse(text));
    });
    this.#status = cached(db, () => sessionStatusSchema.optional().parse(this.#read("status")));
  }

  get status(): SessionStatus {
    const status = this.#status.get();
    if (status === undefined) throw new Error("session: it was never opened");
    return status;
  }

  /** Whether new chunks and resolves are taken. */
  get isOpen(): boolean {
    return this.status === "open";
  }

  /** Whether the session is deleted or about to be: nothing of it is shown or written any more. */
  get isGone(): boolean {
    return this.isOpened && (this.status === "deleting" || this.status === "deleted");
  }

  /** Whether nothing that a result is made of can change any more: finalize sealed it, or the session is being deleted. */
  get isSealed(): boolean {
    return this.isGone || this.finalizing?.sealed_at != null;
  }

  /** A step back is passed over: whoever takes it began before the session was deleted. */
  set status(status: SessionStatus) {
    const before = this.#status.get();
    if (before !== undefined && statusOrder.indexOf(status) < statusOrder.indexOf(before)) return;
    this.#write("status", status);
    this.#status.set(status);
  }

  /** Opens the session if it never was. @returns whether it did. */
  open(): boolean {
    if (this.isOpened) return false;
    this.status = "open";
    this.#write("created_at", String(this.#db.now()));
    this.touch();
    return true;
  }

  /** Whether the session was opened: a room's tables are there a moment before. */
  get isOpened(): boolean {
    return this.#status.get() !== undefined;
  }

  /** When the session was opened, ms since 1970. */
  get createdAt(): number {
    return Number(this.#read("created_at"));
  }

  /** How often the room has written to the index. */
  get indexRevision(): number {
    return Number(this.#read("index_revision") ?? 0);
  }

  /** A number higher than all before it. */
  nextIndexRevision(): number {
    const revision = this.indexRevision + 1;
    this.#write("index_revision", String(revision));
    return revision;
  }

  get deletion(): DeletionRecord | undefined {
    const text = this.#read("deletion");
    return text === undefined ? undefined : parseLater(deletionRecordSchema, JSON.parse(text));
  }

  set deletion(record: DeletionRecord) {
    this.#write("deletion", JSON.stringify(record));
  }

  /** When the session last changed, ms since 1970. */
  get updatedAt(): number {
    return Number(this.#read("updated_at"));
  }

  touch(): void {
    this.#write("updated_at", String(this.#db.now()));
  }

  get config(): ConfigRecord {
    return this.#config.get();
  }

  set config(config: ConfigRecord) {
    this.#write("config", JSON.stringify(config));
    this.#config.set(config);
  }

  get finalizing(): FinalizeRecord | undefined {
    const text = this.#read("finalize");
    return text === undefined ? undefined : parseLater(finalizeRecordSchema, JSON.parse(text));
  }

  set finalizing(record: FinalizeRecord) {
    this.#write("finalize", JSON.stringify(record));
  }

  #read(key: string): string | undefined {
    const [row] = this.#db.sql.exec<{ value: string }>("SELECT value FROM meta WHERE key = ?", key).toArray();
    return row?.value;
  }

  #write(key: string, value: string): void {
    this.#db.sql.exec("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", key, value);
  }
}
