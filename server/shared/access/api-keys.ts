/**
 * Whose an API key is. Guarantees that checking a key takes as long for a key id that exists as for one that does not, and
 * that only a caller with the key's secret learns why it is refused. Logs nothing.
 */
import { timingSafeEqual } from "node:crypto";
import * as z from "zod";
import type { Scope } from "../../../schemas/access.ts";
import { err, ok, type Result } from "../../../schemas/lib/result.ts";
import { tryAgain } from "../d1/try-again.ts";
import { d1KeyTimeoutMs } from "../config/timings.ts";
import { withTimeout } from "../../../schemas/lib/timeout.ts";
import { hashSecret, parseApiKey } from "./api-keys-format.ts";
import { apiKeyRowSchema, apiKeyStateOf } from "./api-keys-row.ts";

export { hashSecret } from "./api-keys-format.ts";

export interface ApiKey {
  readonly keyId: string;
  readonly tenant: string;
  readonly scopes: readonly Scope[];
  /** When it ends, ms since 1970; null for never. */
  readonly expiresAt: number | null;
}

export type ApiKeyRefusal = "unknown" | "revoked" | "expired";

const storedKeySchema = apiKeyRowSchema
  .pick({ key_id: true, tenant: true, scopes: true, expires_at: true, revoked_at: true })
  .extend({ hash: z.string().regex(/^[0-9a-f]{64}$/) });

const keyStateRowSchema = apiKeyRowSchema.pick({ key_id: true, expires_at: true, revoked_at: true });

/** A row to check an unknown key id against, so that it takes as long. */
const dummyRow: z.input<typeof storedKeySchema> = {
  key_id: "000000000000",
  tenant: "dummy",
  scopes: "sessions:read",
  hash: "0".repeat(64),
  expires_at: null,
  revoked_at: null,
};

export class ApiKeyStore {
  readonly #db: D1Database;

  constructor(db: D1Database) {
    this.#db = db;
  }

  /**
   * Asks D1 each time, so that a revoked key is refused from its next request on.
   *
   * @param key as it came, checked by nobody.
   * @throws what D1 throws, a TimeoutError where it does not answer, a ZodError for a row that this version can't read.
   */
  async find(key: string): Promise<Result<ApiKey, ApiKeyRefusal>> {
    const parts = parseApiKey(key);
    // The form of a key is no secret: no need to take as long over what has another.
    if (!parts) return err("unknown");
    const found = await this.#read(parts.keyId);
    const row = storedKeySchema.parse(found ?? dummyRow);
    const isRight = equalInConstantTime(hashSecret(parts.secret), row.hash);
    if (!found || !isRight) return err("unknown");
    const state = apiKeyStateOf(row, Date.now());
    if (state !== "active") return err(state);
    return ok({ keyId: row.key_id, tenant: row.tenant, scopes: row.scopes, expiresAt: row.expires_at });
  }

  /**
   * Which of some keys, known once to be good, are still: one read for all.
   * @throws as `find` does.
   */
  async stillActive(keyIds: readonly string[]): Promise<ReadonlySet<string>> {
    const query = this.#db
      .prepare("SELECT key_id, expires_at, revoked_at FROM api_keys WHERE key_id IN (SELECT value FROM json_each(?))")
      .bind(JSON.stringify(keyIds));
    const { results } = await withTimeout(query.run(), d1KeyTimeoutMs, "D1 read");
    const rows = z.array(keyStateRowSchema).parse(results);
    return new Set(rows.filter((row) => apiKeyStateOf(row, Date.now()) === "active").map(({ key_id }) => key_id));
  }

  async #read(keyId: string): Promise<unknown> {
    const query = this.#db
      .prepare("SELECT key_id, tenant, scopes, hash, expires_at, revoked_at FROM api_keys WHERE key_id = ?")
      .bind(keyId);
    return tryAgain(() => withTimeout<unknown>(query.first(), d1KeyTimeoutMs, "D1 read"));
  }
}

/** @param one as long as `other`. */
function equalInConstantTime(one: string, other: string): boolean {
  const encoder = new TextEncoder();
  return timingSafeEqual(encoder.encode(one), encoder.encode(other));
}
