/** The arguments of `npm run keys`, its statements as wrangler gets them, and the text of a key. */
import { describe, expect, test } from "vitest";
import { apiKeySchema } from "../../schemas/access.ts";
import { KeysAdmin } from "../../scripts/keys/keys-admin.ts";
import { mintKey } from "../../scripts/keys/keys-mint.ts";
import { parseKeysOptions } from "../../scripts/keys/keys-command.ts";
import { executeArguments, inlined, remoteKeys } from "../../scripts/keys/keys-remote.ts";
import { keysTable } from "../../scripts/keys/keys-table.ts";
import { hashSecret, parseApiKey } from "../../server/shared/access/api-keys-format.ts";

const parse = (...argv: string[]): ReturnType<typeof parseKeysOptions> => parseKeysOptions(argv, {});
const key = ["--tenant", "acme", "--name", "backend", "--scope", "sessions:read"];
const keyId = "abc123def456";
const now = Date.UTC(2026, 10, 21, 10);

describe("options", () => {
  test("each command, with its defaults", () => {
    const local = { remote: false, env: "production", stateDir: ".wrangler/state" };
    expect(parse("create", ...key)).toEqual({
      command: "create",
      ...local,
      tenant: "acme",
      name: "backend",
      scope: ["sessions:read"],
      expiresInDays: undefined,
    });
    expect(parse("create", ...key, "--expires-in-days", "2")).toMatchObject({ expiresInDays: 2 });
    expect(parse("list")).toEqual({ command: "list", ...local, tenant: undefined, json: false });
    expect(parse("rotate", keyId)).toEqual({ command: "rotate", ...local, id: keyId, graceHours: 24 });
    expect(parse("rotate", keyId, "--grace-hours", "0.5")).toMatchObject({ graceHours: 0.5 });
    expect(parse("revoke", keyId, "--remote")).toMatchObject({ command: "revoke", id: keyId, remote: true });
    expect(parseKeysOptions(["list"], { STATE_DIR: "/tmp/x" })).toMatchObject({ stateDir: "/tmp/x" });
  });

  test("scopes: each once, in the order of the contract", () => {
    const scope = "tokens:mint,sessions:write,tokens:mint";
    expect(parse("create", ...key.slice(0, 4), "--scope", scope)).toMatchObject({
      scope: ["sessions:write", "tokens:mint"],
    });
  });

  test.each([
    [[], "say create or list or rotate or webhook-secret or revoke; see --help."],
    [["destroy"], "unknown command 'destroy'; see --help."],
    [["create", "--tenant", "acme"], "required option '--name <name>' not specified; see --help."],
    [["create", ...key, "--tenant", "Acme"], "--tenant takes a-z, 0-9 and -, at most 63 characters."],
    [
      ["create", ...key, "--scope", "sessions:read,root"],
      "--scope takes sessions:write, sessions:read, tokens:mint, speech, billing, metrics:read, admin",
    ],
    [["create", ...key, "--scope", ""], "--scope takes "],
    [["create", ...key, "--name", ""], "--name takes 1 to 64 printable characters"],
    [["create", ...key, "--name", "a\u001B[31m"], "--name takes "],
    [["create", ...key, "--name", "a\u202Eb"], "--name takes "],
    [["create", ...key, "--name", " a"], "--name takes "],
    [["create", ...key, "--name", "a".repeat(65)], "--name takes "],
    [["create", ...key, "--expires-in-days", "0"], "--expires-in-days must be a whole number from 1 to 3650."],
    [["create", ...key, "--expires-in-days", "1e2"], "--expires-in-days must "],
    [["rotate", keyId, "--grace-hours", "-1"], "--grace-hours must be a number from 0 to 8760."],
    [["rotate", keyId, "--grace-hours", "8761"], "--grace-hours must "],
    [["rotate"], "missing required argument 'id'"],
    [["revoke", "nobody"], "<id> must be the 12 characters"],
    [["list", "--tenant", ""], "--tenant takes "],
  ])("%j", (argv, sentence) => {
    expect(() => parse(...argv)).toThrow(sentence);
  });

  test("a key in the place of its id is not repeated", () => {
    const { key: whole } = mintKey();
    for (const argv of [
      ["revoke", whole],
      ["rotate", whole],
      ["list", whole],
      ["list", "--tenant", whole],
    ]) {
      expect(() => parse(...argv)).toThrow(expect.objectContaining({ message: expect.not.stringContaining(whole) }));
    }
  });
});

describe("the text of a key", () => {
  test("what is minted is what is parsed, and no two are alike", () => {
    const minted = Array.from({ length: 200 }, mintKey);
    for (const { key: text, keyId: id, hash } of minted) {
      expect(apiKeySchema.safeParse(text).success).toBe(true);
      const parts = parseApiKey(text);
      expect(parts?.keyId).toBe(id);
      expect(hashSecret(parts?.secret ?? "")).toBe(hash);
      expect(hash).toMatch(/^[0-9a-f]{64}$/);
    }
    expect(new Set(minted.map(({ key: text }) => text)).size).toBe(200);
  });

  test.each(["", "rt_", "rt_abc123def456_short", `rt_ABC123def456_${"a".repeat(43)}`, `xx_${keyId}_${"a".repeat(43)}`])(
    "%j is none",
    (text) => {
      expect(parseApiKey(text)).toBeUndefined();
    },
  );

  test("a secret may begin and end with what else separates", () => {
    const secret = `_-${"a".repeat(39)}-_`;
    expect(parseApiKey(`rt_${keyId}_${secret}`)).toEqual({ keyId, secret });
    expect(parseApiKey(`rt_${keyId}_${secret}\n`)).toBeUndefined();
  });

  test("SHA-256 of its text", () => {
    expect(hashSecret("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});

describe("the deployed database", () => {
  test("values are quoted, and what is not plain is hex", () => {
    const sql = "SELECT ?, ?, ?, ?";
    expect(inlined({ sql, values: ["acme-1", 12, null, "it's; --"] })).toBe(
      "SELECT 'acme-1', 12, NULL, CAST(x'697427733b202d2d' AS TEXT)",
    );
    expect(() => inlined({ sql, values: [1] })).toThrow("one value for each ?");
    expect(() => inlined({ sql: "?", values: [Number.NaN] })).toThrow("whole");
  });

  test("wrangler's command line", () => {
    const statements = [
      { sql: "SELECT ?", values: [1] },
      { sql: "SELECT 2", values: [] },
    ];
    expect(executeArguments(statements, ["--remote"])).toEqual([
      "d1",
      "execute",
      "DB",
      "--remote",
      "--json",
      "--yes",
      "--command",
      "SELECT 1; SELECT 2",
    ]);
  });

  test("the secret of a key is not in it", async () => {
    const seen: string[] = [];
    const times = { created_at: now, expires_at: null, revoked_at: null };
    const row = { key_id: keyId, tenant: "acme", name: "o'clock", scopes: "admin", ...times, replaced_by: null };
    const database = remoteKeys((args) => {
      seen.push(...args);
      return Promise.resolve(
        JSON.stringify([
          { results: [], success: true },
          { results: [row], success: true },
        ]),
      );
    });
    const minted = mintKey();
    const admin = new KeysAdmin({ database, mint: () => minted, now: () => now });
    const made = await admin.create({ tenant: "acme", name: "o'clock", scopes: ["admin"], lifetimeMs: undefined });
    expect(made).toEqual({ key: minted.key, row: { ...row, scopes: ["admin"] } });
    expect(seen.join(" ")).toContain(minted.hash);
    expect(seen.join(" ")).not.toContain(parseApiKey(minted.key)?.secret);
    expect(seen.join(" ")).not.toContain("o'clock");
  });

  test.each([
    ['{"error":{"text":"no such table: api_keys: SQLITE_ERROR"}}', "has no table of keys yet: `npm run deploy`"],
    [
      '{"error":{"text":"Authentication\\n error"}}',
      "wrangler could not ask the deployed database: Authentication error",
    ],
    ["", "wrangler gave no answer that can be read"],
    ["[]", "wrangler gave no answer that can be read"],
  ])("%s", async (output, sentence) => {
    const database = remoteKeys(() => Promise.resolve(output));
    await expect(database.run([{ sql: "SELECT 1", values: [] }])).rejects.toThrow(sentence);
  });
});

test("the table: columns under one another, and what became of each key", () => {
  const row = { tenant: "acme", scopes: ["admin" as const], created_at: now - 60_000 };
  const rows = [
    { ...row, key_id: "a".repeat(12), name: "für alle", expires_at: null, revoked_at: null, replaced_by: null },
    { ...row, key_id: "b".repeat(12), name: "b", expires_at: now + 1, revoked_at: null, replaced_by: keyId },
    { ...row, key_id: "c".repeat(12), name: "c", expires_at: now, revoked_at: null, replaced_by: null },
    { ...row, key_id: "d".repeat(12), name: "d", expires_at: now, revoked_at: now, replaced_by: null },
  ];
  expect(keysTable(rows, now)).toEqual([
    "ID            TENANT  NAME      SCOPES  CREATED            EXPIRES            STATE",
    "aaaaaaaaaaaa  acme    für alle  admin   2026-11-21T09:59Z  never              active",
    "bbbbbbbbbbbb  acme    b         admin   2026-11-21T09:59Z  2026-11-21T10:00Z  active, replaced by abc123def456",
    "cccccccccccc  acme    c         admin   2026-11-21T09:59Z  2026-11-21T10:00Z  expired",
    "dddddddddddd  acme    d         admin   2026-11-21T09:59Z  2026-11-21T10:00Z  revoked",
  ]);
});
