/** API keys in D1: who is let in, and what the commands of `npm run keys` do to it. */
import { describe, expect, test } from "vitest";
import { KeysAdmin, type MintedKey } from "../../scripts/keys/keys-admin.ts";
import type { KeysDatabase } from "../../scripts/keys/keys-sql.ts";
import { ApiKeyStore, hashSecret } from "../../server/shared/access/api-keys.ts";
import { bindings } from "./support/bindings.ts";
import { clock } from "./support/clock.ts";

const hourMs = 3_600_000;
const store = new ApiKeyStore(bindings.DB);

const database: KeysDatabase = {
  async run(statements) {
    const answers = await bindings.DB.batch(
      statements.map(({ sql, values }) => bindings.DB.prepare(sql).bind(...values)),
    );
    return answers.map(({ results }) => results);
  },
  close: () => Promise.resolve(),
};

let minted = 0;
function mint(): MintedKey {
  minted += 1;
  const keyId = `key${String(minted).padStart(9, "0")}`;
  const secret = crypto.getRandomValues(new Uint8Array(32)).toBase64({ alphabet: "base64url", omitPadding: true });
  return { keyId, key: `rt_${keyId}_${secret}`, hash: hashSecret(secret) };
}
const admin = new KeysAdmin({ database, mint, now: clock.now });
const wanted = {
  tenant: "acme",
  name: "backend",
  scopes: ["sessions:read", "tokens:mint"],
  lifetimeMs: undefined,
} as const;

function stored(keyId: string): Promise<Record<string, unknown> | null> {
  return bindings.DB.prepare("SELECT * FROM api_keys WHERE key_id = ?").bind(keyId).first();
}

/** The key with another last character of its secret. */
function falsified(key: string): string {
  return key.slice(0, -1) + (key.endsWith("A") ? "E" : "A");
}

describe("find", () => {
  test("a key is found with its tenant and scopes, and nothing else of it is given", async () => {
    const { key, row } = await admin.create(wanted);
    expect(await store.find(key)).toEqual({
      ok: true,
      value: { keyId: row.key_id, tenant: "acme", scopes: ["sessions:read", "tokens:mint"], expiresAt: null },
    });
  });

  test("of the secret D1 has the hash alone", async () => {
    const { key, row } = await admin.create(wanted);
    const secret = key.slice(-43);
    const values = JSON.stringify(await stored(row.key_id));
    expect(values).toContain(hashSecret(secret));
    expect(values).not.toContain(secret);
  });

  test("a wrong secret, an unknown id and what is no key are all unknown", async () => {
    const { key } = await admin.create(wanted);
    const unknown = { ok: false, error: "unknown" };
    expect(await store.find(falsified(key))).toEqual(unknown);
    expect(await store.find(mint().key)).toEqual(unknown);
    for (const text of ["", "rt_", key.toUpperCase(), `${key} `, `Bearer ${key}`, "' OR 1 = 1 --"]) {
      expect(await store.find(text)).toEqual(unknown);
    }
  });

  test("why it is refused is told only to who has the secret", async () => {
    const { key, row } = await admin.create(wanted);
    await admin.revoke(row.key_id);
    expect(await store.find(key)).toEqual({ ok: false, error: "revoked" });
    expect(await store.find(falsified(key))).toEqual({ ok: false, error: "unknown" });
  });

  test("a key expires at its time, and not a millisecond earlier", async () => {
    const { key, row } = await admin.create({ ...wanted, lifetimeMs: hourMs });
    expect(row.expires_at).toBe(clock.now() + hourMs);
    clock.advance(hourMs - 1);
    expect(await store.find(key)).toMatchObject({ ok: true });
    clock.advance(1);
    expect(await store.find(key)).toEqual({ ok: false, error: "expired" });
    await admin.revoke(row.key_id);
    expect(await store.find(key)).toEqual({ ok: false, error: "revoked" });
  });

  test("D1 failing for a moment is asked again; D1 down is no answer about the key", async () => {
    const { key } = await admin.create(wanted);
    const read = await stored(key.slice(3, 15));
    let asked = 0;
    const failing = (times: number): ApiKeyStore => {
      asked = 0;
      const first = (): Promise<unknown> => {
        asked += 1;
        return asked <= times ? Promise.reject(new Error("D1_ERROR: down")) : Promise.resolve(read);
      };
      return new ApiKeyStore({ prepare: () => ({ bind: () => ({ first }) }) } as unknown as D1Database);
    };
    for (const times of [1, 4]) expect(await failing(times).find(key)).toMatchObject({ ok: true });
    await expect(failing(9).find(key)).rejects.toThrow("D1_ERROR: down");
    expect(asked).toBe(5);
  });

  test("a row that this version can't read lets nobody in", async () => {
    const { key, row } = await admin.create(wanted);
    await bindings.DB.prepare("UPDATE api_keys SET scopes = 'sessions:read everything' WHERE key_id = ?")
      .bind(row.key_id)
      .run();
    await expect(store.find(key)).rejects.toThrow("scopes");
    await expect(admin.list("acme")).rejects.toThrow("can't read");
    await bindings.DB.prepare("DELETE FROM api_keys WHERE key_id = ?").bind(row.key_id).run();
  });
});

describe("rotate", () => {
  test("both keys are good until the grace is over", async () => {
    const { key, row } = await admin.create(wanted);
    const next = await admin.rotate(row.key_id, hourMs);
    expect(next.row).toMatchObject({ tenant: "acme", name: "backend", scopes: wanted.scopes, expires_at: null });
    expect(next.old).toMatchObject({ replaced_by: next.row.key_id, expires_at: clock.now() + hourMs });
    expect(await store.find(key)).toMatchObject({ ok: true });
    clock.advance(hourMs);
    expect(await store.find(key)).toEqual({ ok: false, error: "expired" });
    expect(await store.find(next.key)).toMatchObject({ ok: true, value: { keyId: next.row.key_id } });
  });

  test("without grace the old one is over at once", async () => {
    const { key, row } = await admin.create(wanted);
    await admin.rotate(row.key_id, 0);
    expect(await store.find(key)).toEqual({ ok: false, error: "expired" });
  });

  test("a key with a lifetime gets a successor with the same one; grace never makes a key live longer", async () => {
    const { row } = await admin.create({ ...wanted, lifetimeMs: 2 * hourMs });
    clock.advance(hourMs);
    const { row: next, old } = await admin.rotate(row.key_id, 24 * hourMs);
    expect(next.expires_at).toBe(clock.now() + 2 * hourMs);
    expect(old.expires_at).toBe(row.expires_at);
  });

  test("of two rotations at once one wins, and the other changes nothing", async () => {
    const { row } = await admin.create({ ...wanted, tenant: "two-at-once" });
    // The other comes between the look and the change.
    let isFirst = true;
    const late = new KeysAdmin({
      mint,
      now: clock.now,
      database: {
        ...database,
        async run(statements) {
          const answers = await database.run(statements);
          if (isFirst) await admin.rotate(row.key_id, hourMs);
          isFirst = false;
          return answers;
        },
      },
    });
    await expect(late.rotate(row.key_id, 0)).rejects.toThrow("was already replaced by");
    expect(await stored(row.key_id)).toMatchObject({ expires_at: clock.now() + hourMs });
    expect(await admin.list("two-at-once")).toHaveLength(2);
  });

  test("what is not good any more, or replaced already, is not rotated", async () => {
    await expect(admin.rotate("nosuchkey000", 0)).rejects.toThrow("There is no key nosuchkey000.");
    const revoked = await admin.create(wanted);
    await admin.revoke(revoked.row.key_id);
    await expect(admin.rotate(revoked.row.key_id, 0)).rejects.toThrow("is revoked and can't be rotated");
    const expired = await admin.create({ ...wanted, lifetimeMs: 1 });
    clock.advance(1);
    await expect(admin.rotate(expired.row.key_id, 0)).rejects.toThrow("is expired and can't be rotated");
    const replaced = await admin.create(wanted);
    const { row } = await admin.rotate(replaced.row.key_id, hourMs);
    await expect(admin.rotate(replaced.row.key_id, 0)).rejects.toThrow(`replaced by ${row.key_id}: rotate that one`);
  });
});

describe("revoke and list", () => {
  test("a key revoked twice is revoked since the first time", async () => {
    const { row } = await admin.create(wanted);
    const at = clock.now();
    expect(await admin.revoke(row.key_id)).toMatchObject({ revoked_at: at });
    clock.advance(1_000);
    expect(await admin.revoke(row.key_id)).toMatchObject({ revoked_at: at });
    await expect(admin.revoke("nosuchkey000")).rejects.toThrow("There is no key nosuchkey000.");
  });

  test("a list is of all tenants or of one, oldest first, and has no hash", async () => {
    const { row: one } = await admin.create({ ...wanted, tenant: "list-b" });
    clock.advance(1);
    const { row: two } = await admin.create({ ...wanted, tenant: "list-b", name: "Büro “Süd”; --" });
    const { row: other } = await admin.create({ ...wanted, tenant: "list-a" });
    expect(await admin.list("list-b")).toEqual([one, two]);
    const all = (await admin.list(undefined)).filter(({ tenant }) => tenant.startsWith("list-"));
    expect(all).toEqual([other, one, two]);
    expect(JSON.stringify(all)).not.toMatch(/hash|[0-9a-f]{64}/);
  });
});
