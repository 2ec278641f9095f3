/** The statements of `npm run keys` on the table `api_keys`, the same for the local and the deployed database. Pure. */
import type { Scope } from "../../schemas/access.ts";

export interface KeysStatement {
  /** One `?` for each value, and none besides. */
  readonly sql: string;
  readonly values: readonly (string | number | null)[];
}

/** A database with the table `api_keys`. */
export interface KeysDatabase {
  /** Runs them in order, all or none. @returns the rows of each. */
  run(statements: readonly KeysStatement[]): Promise<unknown[][]>;
  close(): Promise<void>;
}

export interface NewKey {
  readonly keyId: string;
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Of its secret. */
  readonly hash: string;
  /** Times in ms since 1970; null: until it is revoked. */
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

/** All but the hash, which nobody has to see. */
const columns = "key_id, tenant, name, scopes, created_at, expires_at, revoked_at, replaced_by";

export function insertKey({ keyId, tenant, name, scopes, hash, createdAt, expiresAt }: NewKey): KeysStatement {
  return {
    sql: `INSERT INTO api_keys (key_id, tenant, name, scopes, hash, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
    values: [keyId, tenant, name, scopes.join(" "), hash, createdAt, expiresAt],
  };
}

export function selectKeys(tenant: string | undefined): KeysStatement {
  const condition = tenant === undefined ? "" : " WHERE tenant = ?";
  return {
    sql: `SELECT ${columns} FROM api_keys${condition} ORDER BY tenant, created_at, key_id`,
    values: tenant === undefined ? [] : [tenant],
  };
}

export function selectKey(keyId: string): KeysStatement {
  return { sql: `SELECT ${columns} FROM api_keys WHERE key_id = ?`, values: [keyId] };
}

/** Makes `next` out of the key `oldId`, with its scopes where it has none of its own, and lets that one expire at `graceEnd` at the latest. */
export function replaceKey(
  oldId: string,
  next: Pick<NewKey, "keyId" | "hash" | "createdAt" | "expiresAt"> & { readonly scopes?: readonly Scope[] | undefined },
  graceEnd: number,
): KeysStatement[] {
  return [
    {
      // Only of a key that is still good: somebody else may have rotated or revoked it since it was looked at.
      sql:
        "INSERT INTO api_keys (key_id, tenant, name, scopes, hash, created_at, expires_at) " +
        "SELECT ?, tenant, name, coalesce(?, scopes), ?, ?, ? FROM api_keys " +
        "WHERE key_id = ? AND revoked_at IS NULL AND replaced_by IS NULL AND (expires_at IS NULL OR expires_at > ?)",
      values: [
        next.keyId,
        next.scopes?.join(" ") ?? null,
        next.hash,
        next.createdAt,
        next.expiresAt,
        oldId,
        next.createdAt,
      ],
    },
    {
      sql:
        "UPDATE api_keys SET replaced_by = ?, expires_at = min(coalesce(expires_at, ?), ?) " +
        "WHERE key_id = ? AND EXISTS (SELECT 1 FROM api_keys WHERE key_id = ?)",
      values: [next.keyId, graceEnd, graceEnd, oldId, next.keyId],
    },
    selectKey(next.keyId),
  ];
}

/** One that was revoked before stays revoked since then. */
export function revokeKey(keyId: string, now: number): KeysStatement[] {
  return [
    { sql: "UPDATE api_keys SET revoked_at = ? WHERE key_id = ? AND revoked_at IS NULL", values: [now, keyId] },
    selectKey(keyId),
  ];
}
