/** `npm run keys` as a process, on a STATE_DIR of its own and without a gateway. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { readsTypeScript } from "../../scripts/local/reads-typescript.ts";
import { apiKeySchema } from "../../schemas/access.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const stateDir = mkdtempSync(join(tmpdir(), "roomtone-keys-test-"));
afterAll(() => rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 }));

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

function keys(...args: readonly string[]): Promise<Ended> {
  const script = [...readsTypeScript, "scripts/keys.ts", ...args];
  // What a person sees whose terminal is none: whoever runs the tests may ask for colour.
  const options = { cwd: root, env: { ...process.env, STATE_DIR: stateDir, FORCE_COLOR: undefined } };
  return new Promise((resolve) => {
    execFile(process.execPath, script, options, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    });
  });
}

/** The key that was printed: alone on stdout, nowhere on stderr. */
function printedKey({ code, stdout, stderr }: Ended): { key: string; id: string; secret: string } {
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const key = stdout.trimEnd();
  expect(stdout).toBe(`${key}\n`);
  expect(apiKeySchema.safeParse(key).success).toBe(true);
  const secret = key.slice(-43);
  expect(stderr).not.toContain(secret);
  return { key, id: key.slice(3, 15), secret };
}

test.concurrent("create, rotate, revoke, list: a key is printed once, and its secret never again", async () => {
  const scope = "sessions:write,tokens:mint";
  const made = printedKey(await keys("create", "--tenant", "acme", "--name", "Büro's backend", "--scope", scope));
  const next = printedKey(await keys("rotate", made.id, "--grace-hours", "0"));
  const revoked = await keys("revoke", next.id);
  expect(revoked).toMatchObject({ code: 0, stdout: "" });
  const [table, json, unknown] = await Promise.all([keys("list"), keys("list", "--json"), keys("rotate", made.id)]);
  expect(table.stdout).toMatch(/^ID +TENANT +NAME +SCOPES +CREATED +EXPIRES +STATE$/m);
  expect(table.stdout).toContain(`expired, replaced by ${next.id}`);
  const state = { tenant: "acme", name: "Büro's backend", scopes: scope.split(",") };
  expect(JSON.parse(json.stdout)).toMatchObject([
    { ...state, key_id: made.id, state: "expired", replaced_by: next.id },
    { ...state, key_id: next.id, state: "revoked", replaced_by: null },
  ]);
  expect(unknown).toMatchObject({ code: 1, stdout: "" });
  expect(unknown.stderr).toBe(`Key ${made.id} was already replaced by ${next.id}: rotate that one.\n`);
  for (const { stdout, stderr } of [revoked, table, json, unknown]) {
    expect(stdout + stderr).not.toContain(made.secret);
    expect(stdout + stderr).not.toContain(next.secret);
    expect(stdout + stderr).not.toMatch(/hash|[0-9a-f]{64}/);
  }
}, 60_000);

test.concurrent("--help says what there is; a wrong option is one sentence", async () => {
  const [help, wrong] = await Promise.all([
    keys("--help"),
    keys("create", "--tenant", "acme", "--name", "b", "--scope", "root"),
  ]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const command of ["create", "list", "rotate", "revoke"]) expect(help.stdout).toContain(command);
  expect(wrong).toMatchObject({ code: 1, stdout: "" });
  expect(wrong.stderr).toBe(
    "--scope takes sessions:write, sessions:read, tokens:mint, speech, billing, metrics:read, admin, with commas between.\n",
  );
}, 30_000);
