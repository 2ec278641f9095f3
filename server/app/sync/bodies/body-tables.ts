/** The rows of a user's bodies: those they hold, those they upload, and what is still to be let go. */
import type { Database } from "../../../shared/lib/sql.ts";
import { stmt } from "../../../shared/lib/stmt.ts";
import type { UploadedPart } from "./body-bucket.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS bodies (
    sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, key TEXT NOT NULL, own_key TEXT NOT NULL, holder TEXT NOT NULL,
    touched_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS bodies_touched ON bodies (touched_at);
  CREATE TABLE IF NOT EXISTS uploads (
    sha256 TEXT PRIMARY KEY, bytes INTEGER NOT NULL, key TEXT NOT NULL, holder TEXT NOT NULL, upload_id TEXT,
    state TEXT NOT NULL, touched_at INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS parts (holder TEXT NOT NULL, part INTEGER NOT NULL, etag TEXT NOT NULL, PRIMARY KEY (holder, part)) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS releases (
    holder TEXT PRIMARY KEY, sha256 TEXT NOT NULL, key TEXT NOT NULL, upload_id TEXT, is_held INTEGER NOT NULL) WITHOUT ROWID`;

export interface BodyRow {
  readonly sha256: string;
  readonly bytes: number;
  /** Where it is. */
  readonly key: string;
  /** Where this user's upload was put. */
  readonly own_key: string;
  readonly holder: string;
  readonly touched_at: number;
}

export interface UploadRow {
  readonly sha256: string;
  readonly bytes: number;
  readonly key: string;
  readonly holder: string;
  readonly upload_id: string | null;
  /** `parts` come; all of them are one `object`; it was `checked`, and the registry was asked to hold it. */
  readonly state: "parts" | "object" | "checked";
  readonly touched_at: number;
}

export interface ReleaseRow {
  readonly holder: string;
  readonly sha256: string;
  readonly key: string;
  readonly upload_id: string | null;
  /** Whether the registry may know of it. */
  readonly is_held: number;
}

const body = stmt<[string], BodyRow>("SELECT * FROM bodies WHERE sha256 = ?");
const putBody = stmt<[string, number, string, string, string, number]>(
  "INSERT OR REPLACE INTO bodies (sha256, bytes, key, own_key, holder, touched_at) VALUES (?, ?, ?, ?, ?, ?)",
);
const touchBody = stmt<[number, string]>("UPDATE bodies SET touched_at = ? WHERE sha256 = ?");
const dropBody = stmt<[string]>("DELETE FROM bodies WHERE sha256 = ?");
const untouched = stmt<[number, number], BodyRow>(
  "SELECT * FROM bodies WHERE touched_at < ? ORDER BY touched_at LIMIT ?",
);
const upload = stmt<[string], UploadRow>("SELECT * FROM uploads WHERE sha256 = ?");
const uploads = stmt<[], UploadRow>("SELECT * FROM uploads ORDER BY touched_at");
const putUpload = stmt<[string, number, string, string, string | null, string, number]>(
  "INSERT OR REPLACE INTO uploads (sha256, bytes, key, holder, upload_id, state, touched_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
);
const dropUpload = stmt<[string]>("DELETE FROM uploads WHERE sha256 = ?");
const parts = stmt<[string], UploadedPart>("SELECT part AS partNumber, etag FROM parts WHERE holder = ? ORDER BY part");
const putPart = stmt<[string, number, string]>("INSERT OR REPLACE INTO parts (holder, part, etag) VALUES (?, ?, ?)");
const dropParts = stmt<[string]>("DELETE FROM parts WHERE holder = ?");
const releases = stmt<[number], ReleaseRow>("SELECT * FROM releases ORDER BY holder LIMIT ?");
const putRelease = stmt<[string, string, string, string | null, number]>(
  "INSERT OR REPLACE INTO releases (holder, sha256, key, upload_id, is_held) VALUES (?, ?, ?, ?, ?)",
);
const dropRelease = stmt<[string]>("DELETE FROM releases WHERE holder = ?");
const used = stmt<[], { bytes: number }>(
  "SELECT (SELECT coalesce(sum(bytes), 0) FROM bodies) + (SELECT coalesce(sum(bytes), 0) FROM uploads) AS bytes",
);

export class BodyStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.transaction(() => db.sql.exec(tables));
  }

  body(sha256: string): BodyRow | undefined {
    return body.first(this.#db, sha256);
  }

  touch(sha256: string): void {
    touchBody.run(this.#db, this.#db.now(), sha256);
  }

  untouchedSince(at: number, most: number): BodyRow[] {
    return untouched.all(this.#db, at, most);
  }

  upload(sha256: string): UploadRow | undefined {
    return upload.first(this.#db, sha256);
  }

  uploads(): UploadRow[] {
    return uploads.all(this.#db);
  }

  putUpload({ sha256, bytes, key, holder, upload_id, state, touched_at }: UploadRow): void {
    putUpload.run(this.#db, sha256, bytes, key, holder, upload_id, state, touched_at);
  }

  parts(holder: string): UploadedPart[] {
    return parts.all(this.#db, holder);
  }

  putPart(holder: string, { partNumber, etag }: UploadedPart): void {
    putPart.run(this.#db, holder, partNumber, etag);
  }

  /** The upload has become a body of the user's. */
  keep({ sha256, bytes, key: own_key, holder }: UploadRow, key: string): void {
    this.#db.transaction(() => {
      this.#drop(sha256, holder);
      putBody.run(this.#db, sha256, bytes, key, own_key, holder, this.#db.now());
    });
  }

  /** The upload is over: what there is of it is to be let go. */
  giveUp({ sha256, key, holder, upload_id, state }: UploadRow): void {
    this.#db.transaction(() => {
      this.#drop(sha256, holder);
      putRelease.run(this.#db, holder, sha256, key, state === "parts" ? upload_id : null, state === "checked" ? 1 : 0);
    });
  }

  /** Nobody names the body any more. */
  letGo({ sha256, holder, own_key }: BodyRow): void {
    this.#db.transaction(() => {
      dropBody.run(this.#db, sha256);
      putRelease.run(this.#db, holder, sha256, own_key, null, 1);
    });
  }

  releases(most: number): ReleaseRow[] {
    return releases.all(this.#db, most);
  }

  released(holder: string): void {
    dropRelease.run(this.#db, holder);
  }

  get usedBytes(): number {
    return used.one(this.#db).bytes;
  }

  #drop(sha256: string, holder: string): void {
    dropUpload.run(this.#db, sha256);
    dropParts.run(this.#db, holder);
  }
}
