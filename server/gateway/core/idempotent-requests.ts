/**
 * Requests that came under an idempotency key, and their answers (SPEC S3): a row a caller and key, written in the commit of what
 * the request changed. Bounded in number and in time. Knows neither routes nor what an answer holds.
 */
import * as z from "zod";
import { limits } from "../../../schemas/limits.ts";
import type { Database } from "../../shared/lib/sql.ts";
import { stmt } from "../../shared/lib/stmt.ts";

export const keyedRequestSchema = z.object({
  key: z.string(),
  /** Whose key it is: callers do not meet in each other's. */
  subject: z.string(),
  /** Of what is asked; null where an earlier version asks, which told nothing of it. */
  digest: z.string().nullable(),
  /** Whether the first answer is given again, or the work done anew: some answers go on changing. */
  answer: z.enum(["replayed", "anew"]),
});
export type KeyedRequest = z.infer<typeof keyedRequestSchema>;

/** What is known of a key. */
export type Known =
  | { readonly kind: "new" }
  /** It belongs to another request. */
  | { readonly kind: "mismatch" }
  | { readonly kind: "answered"; readonly answer: unknown };

interface Row {
  readonly digest: string | null;
  readonly answer: string | null;
}

/** The subject of keys that an earlier version kept, which did not ask whose they were. They answer resolves alone. */
const ofNobody = "";

const find = stmt<[subject: string, key: string, since: number], Row>(
  "SELECT digest, answer FROM idempotent_requests WHERE subject = ? AND key = ? AND at > ?",
);
const keep = stmt<[subject: string, key: string, digest: string | null, at: number, answer: string | null]>(
  "INSERT OR REPLACE INTO idempotent_requests (subject, key, digest, at, answer) VALUES (?, ?, ?, ?, ?)",
);
const forget = stmt<[maxKeys: number, before: number]>(
  "DELETE FROM idempotent_requests WHERE n <= (SELECT max(n) FROM idempotent_requests) - ? OR at <= ?",
);
const forgetBeyond = stmt<[maxBytes: number]>(
  `DELETE FROM idempotent_requests WHERE n IN (
     SELECT n FROM (
       SELECT n, sum(coalesce(octet_length(answer), 0)) OVER (ORDER BY n DESC) AS bytes FROM idempotent_requests
     ) WHERE bytes > ?)`,
);

export class IdempotentRequests {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** @param asked undefined: without a key, so nothing is known. */
  look(asked: KeyedRequest | undefined): Known {
    if (!asked) return { kind: "new" };
    const row = this.#row(asked.subject, asked.key);
    if (!row) return { kind: "new" };
    if (row.digest !== null && asked.digest !== null && row.digest !== asked.digest) return { kind: "mismatch" };
    return row.answer === null || asked.answer === "anew"
      ? { kind: "new" }
      : { kind: "answered", answer: JSON.parse(row.answer) };
  }

  /** As `look`, and also among the keys of an earlier version. For resolves. */
  lookOfAll(asked: KeyedRequest | undefined): Known {
    const known = this.look(asked);
    return asked && known.kind === "new" ? this.look({ ...asked, subject: ofNobody }) : known;
  }

  /** Call in the commit of what the request changed. Nothing is noted for a request without a key. */
  remember(asked: KeyedRequest | undefined, answer: unknown): void {
    if (!asked) return;
    const { subject, key, digest } = asked;
    const now = this.#db.now();
    keep.run(this.#db, subject, key, digest, now, asked.answer === "anew" ? null : JSON.stringify(answer));
    forget.run(this.#db, limits.maxIdempotencyKeys, now - limits.idempotencyKeyLifetimeMs);
    forgetBeyond.run(this.#db, limits.maxIdempotencyBytes);
  }

  #row(subject: string, key: string): Row | undefined {
    return find.first(this.#db, subject, key, this.#db.now() - limits.idempotencyKeyLifetimeMs);
  }
}

/** A request of an earlier version's Worker, which sends the key alone. */
export function ofEarlierWorker(key: string | undefined): KeyedRequest | undefined {
  return key === undefined ? undefined : { key, subject: ofNobody, digest: null, answer: "replayed" };
}
