/** What the commands of `npm run keys` do, on any database. Prints nothing. */
import type { Scope } from "../../schemas/access.ts";
import { type ApiKeyRow, apiKeyRowSchema, apiKeyStateOf } from "../../server/shared/access/api-keys-row.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { insertKey, type KeysDatabase, replaceKey, revokeKey, selectKey, selectKeys } from "./keys-sql.ts";

export interface MintedKey {
  readonly keyId: string;
  /** All of it. Printed once, and handed to nothing else. */
  readonly key: string;
  readonly hash: string;
}

export interface KeysAdminDeps {
  readonly database: KeysDatabase;
  readonly mint: () => MintedKey;
  /** ms since 1970. */
  readonly now: () => number;
}

export interface Created {
  /** Seen here and never again. */
  readonly key: string;
  readonly row: ApiKeyRow;
}

export interface KeyRequest {
  readonly tenant: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly lifetimeMs: number | undefined;
}

export class KeysAdmin {
  readonly #deps: KeysAdminDeps;

  constructor(deps: KeysAdminDeps) {
    this.#deps = deps;
  }

  async create({ lifetimeMs, ...wanted }: KeyRequest): Promise<Created> {
    const { database, mint, now } = this.#deps;
    const { keyId, key, hash } = mint();
    const createdAt = now();
    const expiresAt = lifetimeMs === undefined ? null : createdAt + lifetimeMs;
    const [, rows] = await database.run([
      insertKey({ ...wanted, keyId, hash, createdAt, expiresAt }),
      selectKey(keyId),
    ]);
    return { key, row: the(rows, keyId) };
  }

  /** By tenant, then by age. */
  async list(tenant: string | undefined): Promise<ApiKeyRow[]> {
    const [rows = []] = await this.#deps.database.run([selectKeys(tenant)]);
    return rows.map(parseRow);
  }

  /** @param scopes of the new key; those of the old one without. @returns the new key, and the old one as it is now. */
  async rotate(keyId: string, graceMs: number, scopes?: readonly Scope[]): Promise<Created & { old: ApiKeyRow }> {
    const { database, mint, now } = this.#deps;
    const [found] = await database.run([selectKey(keyId)]);
    const before = the(found, keyId);
    const createdAt = now();
    assertReplaceable(before, createdAt);
    const lifetimeMs = before.expires_at === null ? undefined : before.expires_at - before.created_at;
    const expiresAt = lifetimeMs === undefined ? null : createdAt + lifetimeMs;
    const next = mint();
    const steps = replaceKey(keyId, { ...next, scopes, createdAt, expiresAt }, createdAt + graceMs);
    const answers = await database.run([...steps, selectKey(keyId)]);
    const old = the(answers.at(-1), keyId);
    const [row] = answers.at(-2) ?? [];
    if (row === undefined) {
      assertReplaceable(old, createdAt);
      throw new Failure(`Key ${keyId} was changed by somebody else meanwhile; nothing was done.`);
    }
    return { key: next.key, row: parseRow(row), old };
  }

  /** @returns the key, revoked now or before. */
  async revoke(keyId: string): Promise<ApiKeyRow> {
    const { database, now } = this.#deps;
    const answers = await database.run(revokeKey(keyId, now()));
    return the(answers.at(-1), keyId);
  }
}

function the(rows: readonly unknown[] | undefined, keyId: string): ApiKeyRow {
  const [row] = rows ?? [];
  if (row === undefined) throw new Failure(`There is no key ${keyId}.`);
  return parseRow(row);
}

function parseRow(row: unknown): ApiKeyRow {
  const parsed = apiKeyRowSchema.safeParse(row);
  if (!parsed.success) throw new Failure("The database has a key that this version can't read: update this checkout.");
  return parsed.data;
}

function assertReplaceable(row: ApiKeyRow, now: number): void {
  const { key_id: keyId, replaced_by: replacedBy } = row;
  if (replacedBy !== null) throw new Failure(`Key ${keyId} was already replaced by ${replacedBy}: rotate that one.`);
  const state = apiKeyStateOf(row, now);
  if (state !== "active") throw new Failure(`Key ${keyId} is ${state} and can't be rotated: create a new one.`);
}
