/**
 * Which session a tenant's request to open one stands for, by the idempotency key that it came under (SPEC S3): before it has a
 * session there is no room that could know. Over SQLite, as `quota-store.ts`; bounded in number and in time.
 */
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../lib/sql.ts";
import { stmt } from "../lib/stmt.ts";

const schema = `
  CREATE TABLE IF NOT EXISTS session_keys (
    n INTEGER PRIMARY KEY,
    subject TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    session_id TEXT NOT NULL,
    -- ms since 1970.
    at INTEGER NOT NULL,
    UNIQUE (subject, key)
  );`;

export interface SessionKey {
  /** Whose key it is. */
  readonly subject: string;
  readonly key: string;
  /** Of what is asked. */
  readonly digest: string;
  /** The session that it stands for, if the key is new. */
  readonly sessionId: string;
}

export type SessionKeyAnswer =
  | { readonly kind: "bound"; readonly isNew: boolean; readonly sessionId: string }
  /** The key belongs to another request. */
  | { readonly kind: "mismatch" };

const find = stmt<[subject: string, key: string, since: number], { digest: string; session_id: string }>(
  "SELECT digest, session_id FROM session_keys WHERE subject = ? AND key = ? AND at > ?",
);
const keep = stmt<[subject: string, key: string, digest: string, sessionId: string, at: number]>(
  "INSERT OR REPLACE INTO session_keys (subject, key, digest, session_id, at) VALUES (?, ?, ?, ?, ?)",
);
const forget = stmt<[maxKeys: number, before: number]>(
  "DELETE FROM session_keys WHERE n <= (SELECT max(n) FROM session_keys) - ? OR at <= ?",
);
const free = stmt<[subject: string, key: string, sessionId: string]>(
  "DELETE FROM session_keys WHERE subject = ? AND key = ? AND session_id = ?",
);

export class SessionKeys {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.sql.exec(schema);
  }

  /** Binds a key to a request, or says what it is bound to. */
  bind({ subject, key, digest, sessionId }: SessionKey): SessionKeyAnswer {
    return this.#db.transaction(() => {
      const now = this.#db.now();
      const since = now - limits.idempotencyKeyLifetimeMs;
      const known = find.first(this.#db, subject, key, since);
      if (known && known.digest !== digest) return { kind: "mismatch" };
      if (known) return { kind: "bound", isNew: false, sessionId: known.session_id };
      keep.run(this.#db, subject, key, digest, sessionId, now);
      forget.run(this.#db, limits.maxIdempotencyKeysPerTenant, since);
      return { kind: "bound", isNew: true, sessionId };
    });
  }

  /** The request came to nothing: failures are not remembered. */
  free(subject: string, key: string, sessionId: string): void {
    free.run(this.#db, subject, key, sessionId);
  }
}
