/**
 * Which bodies a tenant has and who holds them (SPEC SY6): each is kept once, for as many users as hold it. Keys are never used twice, so
 * that what is deleted late is never what somebody else has put there since. Knows R2 by a port; asks nobody anything.
 */
import type { Database } from "../../../shared/lib/sql.ts";
import { stmt } from "../../../shared/lib/stmt.ts";
import type { BodyBucket, HeldBody } from "./body-bucket.ts";

const tables = `
  CREATE TABLE IF NOT EXISTS kept (sha256 TEXT PRIMARY KEY, key TEXT NOT NULL UNIQUE, bytes INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS holders (holder TEXT PRIMARY KEY, sha256 TEXT NOT NULL, released_at INTEGER) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS holders_of ON holders (sha256) WHERE released_at IS NULL;
  CREATE INDEX IF NOT EXISTS holders_released ON holders (released_at) WHERE released_at IS NOT NULL;
  CREATE TABLE IF NOT EXISTS trash (key TEXT PRIMARY KEY) WITHOUT ROWID`;

/** A holder that let go is known for so long: what it said before may still be on its way. */
const rememberedMs = 7 * 86_400_000;

const kept = stmt<[string], { key: string }>("SELECT key FROM kept WHERE sha256 = ?");
const isKey = stmt<[string], { one: number }>("SELECT 1 AS one FROM kept WHERE key = ?");
const keep = stmt<[string, string, number]>("INSERT INTO kept (sha256, key, bytes) VALUES (?, ?, ?)");
const unkeep = stmt<[string]>("DELETE FROM kept WHERE sha256 = ?");
const holderOf = stmt<[string], { released_at: number | null }>("SELECT released_at FROM holders WHERE holder = ?");
const putHolder = stmt<[string, string, number | null]>(
  "INSERT OR REPLACE INTO holders (holder, sha256, released_at) VALUES (?, ?, ?)",
);
const isHeld = stmt<[string], { one: number }>(
  "SELECT 1 AS one FROM holders WHERE sha256 = ? AND released_at IS NULL LIMIT 1",
);
const toTrash = stmt<[string]>("INSERT OR IGNORE INTO trash (key) VALUES (?)");
const trash = stmt<[number], { key: string }>("SELECT key FROM trash LIMIT ?");
const deleted = stmt<[string]>("DELETE FROM trash WHERE key = ?");
const forget = stmt<[number]>("DELETE FROM holders WHERE released_at < ?");

export class Registry {
  readonly #db: Database;
  readonly #bucket: Pick<BodyBucket, "delete">;

  constructor(db: Database, bucket: Pick<BodyBucket, "delete">) {
    this.#db = db;
    this.#bucket = bucket;
    db.transaction(() => db.sql.exec(tables));
  }

  /** @returns where the body is. @throws for a holder that has let go. */
  hold({ sha256, bytes, key, holder }: HeldBody): string {
    return this.#db.transaction(() => {
      const before = holderOf.first(this.#db, holder);
      if (before && before.released_at !== null) throw new Error("a holder that let go does not hold again");
      const known = kept.first(this.#db, sha256);
      putHolder.run(this.#db, holder, sha256, null);
      if (!known) {
        keep.run(this.#db, sha256, key, bytes);
        return key;
      }
      if (known.key !== key) toTrash.run(this.#db, key);
      return known.key;
    });
  }

  release({ sha256, key, holder }: Omit<HeldBody, "bytes">): void {
    this.#db.transaction(() => {
      putHolder.run(this.#db, holder, sha256, this.#db.now());
      const known = kept.first(this.#db, sha256);
      if (known && !isHeld.first(this.#db, sha256)) {
        unkeep.run(this.#db, sha256);
        toTrash.run(this.#db, known.key);
      }
      if (!isKey.first(this.#db, key)) toTrash.run(this.#db, key);
    });
  }

  get hasTrash(): boolean {
    return trash.first(this.#db, 1) !== undefined;
  }

  /** Deletes what nobody holds. @throws where R2 does not: what is left comes again. */
  async sweep(most = 100): Promise<void> {
    for (const { key } of trash.all(this.#db, most)) {
      await this.#bucket.delete(key);
      deleted.run(this.#db, key);
    }
    forget.run(this.#db, this.#db.now() - rememberedMs);
  }
}
