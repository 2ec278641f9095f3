/**
 * The session's own record: its status and the progress of finalize, each a row of `meta`. The status only
 * moves forward: open → finalizing → finalized.
 */
import * as z from "zod";
import {
  metadataSchema,
  type ResolveSettings,
  resolveSettingsSchema,
  type SessionStatus,
  sessionStatusSchema,
} from "../../schemas/http.ts";
import type { Database } from "../lib/sql.ts";

/** What finalize was asked and how far it is. Kept, so that a crash continues with the same words and times. */
const finalizeRecordSchema = z.object({
  metadata: metadataSchema,
  /** ms since 1970. */
  begun_at: z.int(),
  /** Set once nothing of the session can change any more; ms since 1970. */
  sealed_at: z.int().nullable(),
});
export type FinalizeRecord = z.infer<typeof finalizeRecordSchema>;

/** What the session was told when it was opened or since. */
const configRecordSchema = z.object({ metadata: metadataSchema, resolve: resolveSettingsSchema });
type ConfigRecord = z.infer<typeof configRecordSchema>;

export class SessionStore {
  readonly #db: Database;
  readonly #resolveDefaults: ResolveSettings;
  #config: ConfigRecord | undefined;
  #status: SessionStatus | undefined;

  constructor(db: Database, resolveDefaults: ResolveSettings) {
    this.#db = db;
    this.#resolveDefaults = resolveDefaults;
  }

  /** Asked for every frame, so kept in memory; written through. */
  get status(): SessionStatus {
    this.#status ??= sessionStatusSchema.parse(this.#read("status"));
    return this.#status;
  }

  /** Whether new chunks and resolves are taken. */
  get isOpen(): boolean {
    return this.status === "open";
  }

  set status(status: SessionStatus) {
    this.#write("status", status);
    this.#status = status;
  }

  /** Opens the session if it never was. */
  open(): void {
    if (this.#status !== undefined || this.#read("status") !== undefined) return;
    this.status = "open";
    this.touch();
  }

  /** When the session last changed, ms since 1970. */
  get updatedAt(): number {
    return Number(this.#read("updated_at"));
  }

  touch(): void {
    this.#write("updated_at", String(this.#db.now()));
  }

  /** Asked for every chunk, so kept in memory; written through. */
  get config(): ConfigRecord {
    const text = this.#config ? undefined : this.#read("config");
    this.#config ??=
      text === undefined
        ? { metadata: {}, resolve: this.#resolveDefaults }
        : configRecordSchema.parse(JSON.parse(text));
    return this.#config;
  }

  set config(config: ConfigRecord) {
    this.#write("config", JSON.stringify(config));
    this.#config = config;
  }

  get finalizing(): FinalizeRecord | undefined {
    const text = this.#read("finalize");
    return text === undefined ? undefined : finalizeRecordSchema.parse(JSON.parse(text));
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
