import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { compileCache } from "../../scripts/local/compile-cache.ts";
import { openLocalBucket } from "../../scripts/local/local-bucket.ts";
import { verifySession } from "../../scripts/local/verify-session.ts";
import { newSession, postJson } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { TestClient } from "../support/ws-client.ts";

// Its own: the test damages what lies in its R2.
const gateway = useGateway({});
const root = fileURLToPath(new URL("../..", import.meta.url));

function blobsOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.includes("blobs"))
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

function verify(session: string): Promise<{ code: number; output: string }> {
  return run(process.execPath, ["scripts/verify.ts", session, "--state-dir", gateway.stateDir]);
}

function run(node: string, args: readonly string[]): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const env = { ...process.env, NODE_COMPILE_CACHE: compileCache };
    execFile(node, args, { cwd: root, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output: stdout + stderr });
    });
  });
}

test.concurrent("[F3] a good session verifies; a flipped byte in any chunk is named", async () => {
  const session = newSession();
  const client = await TestClient.connect(gateway, { session, track: "mic" });
  for (const seq of [1, 2, 3, 5, 6]) await client.keep(seq);
  await client.leave();
  const utterances = [{ text: "hello", track: "mic", start_ms: 100, end_ms: 900 }];
  expect((await postJson(gateway, `/v1/sessions/${session}/utterances`, { utterances })).status).toBe(200);
  expect((await postJson(gateway, `/v1/sessions/${session}/finalize`, {})).status).toBe(200);
  const good = await verify(session);
  expect(good.output).toContain("track mic: 5 chunks, hash chain");
  expect(good).toMatchObject({ code: 0 });

  const chunks = blobsOf(join(gateway.stateDir, "v3", "r2")).filter((path) => statSync(path).size === chunkBytes);
  expect(chunks).toHaveLength(5);
  const bucket = await openLocalBucket(gateway.stateDir);
  const differencesOf = async (): Promise<readonly string[]> =>
    (await verifySession({ bucket, tenant: "default", sessionId: session })).differences;
  const seen = new Set<string>();
  for (const path of chunks) {
    const bytes = readFileSync(path);
    bytes.writeUInt8(bytes.readUInt8(12_345) ^ 1, 12_345);
    writeFileSync(path, bytes);
    const named = (await differencesOf()).filter((line) => line.includes("has other bytes"));
    expect(named).toHaveLength(1);
    seen.add(named[0] ?? "");
    bytes.writeUInt8(bytes.readUInt8(12_345) ^ 1, 12_345);
    writeFileSync(path, bytes);
  }
  expect([...seen].toSorted()).toEqual(
    [1, 2, 3, 5, 6].map(
      (seq) => `sessions/${session}/tracks/mic/chunks/0000000${seq}.pcm has other bytes than were put there.`,
    ),
  );
  expect(await differencesOf()).toEqual([]);
  await bucket.close();
}, 240_000);

test.concurrent("verify says in a sentence what it can't find", async () => {
  const { code, output } = await verify("never-there");
  expect(code).toBe(1);
  expect(output).toContain("R2 has no sessions/never-there/result.json");
}, 240_000);

// Not at once with those above: they count what lies in R2.
test("the smoke run passes, under the project's Node and started by the Node of the system", async () => {
  const address = ["--base-http", gateway.url, "--base-ws", gateway.wsUrl, "--chunks", "3"];
  for (const node of [process.execPath, systemNode()]) {
    const { code, output } = await run(node, ["scripts/ws_ingest_smoke.mjs", ...address]);
    expect(output).toContain('"ok":true');
    expect(code).toBe(0);
  }
});

/** The first `node` of PATH that is not an installed package; else the one that runs this. */
function systemNode(): string {
  const folders = (process.env["PATH"] ?? "").split(delimiter).filter((folder) => !folder.includes("node_modules"));
  return folders.map((folder) => join(folder, "node")).find((path) => existsSync(path)) ?? process.execPath;
}
