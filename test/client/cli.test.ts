/** `roomtone capture` as a process, against a real gateway. */
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { newSession, sessionState } from "../support/gateway-http.ts";
import { useGateway } from "../support/use-gateway.ts";
import { until } from "../../scripts/lib/until.ts";

const bin = fileURLToPath(new URL("../../client/cli/bin.mjs", import.meta.url));
const sample = fileURLToPath(new URL("../../scripts/sample/interview.wav", import.meta.url));
const sampleSeconds = 71;
const gateway = useGateway();
let spool = "";

beforeAll(async () => {
  spool = await mkdtemp(join(tmpdir(), "roomtone-spool-"));
});
afterAll(() => rm(spool, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** @param input what goes to stdin. @param killWhen kills it with -9 as soon as this holds. */
async function roomtone(args: readonly string[], input?: Uint8Array, killWhen?: () => Promise<boolean>): Promise<Run> {
  const child = spawn(process.execPath, [bin, ...args], { stdio: ["pipe", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output.stderr += text.toString()));
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  if (killWhen) {
    await until(async () => child.exitCode !== null || (await killWhen()) || undefined, { what: "a moment to kill" });
    child.kill("SIGKILL");
  }
  return { code: await ended, ...output };
}

function capture(session: string, source: string): string[] {
  return ["capture", source, "--session", session, "--url", gateway.url, "--spool", spool];
}

test("a WAV file is captured whole, and told in one line of JSON", async () => {
  const session = newSession();
  const run = await roomtone(capture(session, sample));
  expect(run).toMatchObject({ code: 0, stderr: "" });
  const report: unknown = JSON.parse(run.stdout);
  expect(report).toMatchObject({ complete: true, seconds: sampleSeconds, missing: [], lost: [], continued_from: 0 });
  expect((await sessionState(gateway, session)).ingest).toMatchObject({
    received_chunks: sampleSeconds,
    missing_chunks: 0,
    duplicate_chunks: 0,
  });
});

test("raw PCM on stdin is captured whole", async () => {
  const session = newSession();
  const pcm = (await readFile(sample)).subarray(44, 44 + 3 * 32_000 + 999);
  const run = await roomtone([...capture(session, "-"), "--encoding", "json"], pcm);
  expect(run.code).toBe(0);
  expect((await sessionState(gateway, session)).ingest.received_chunks).toBe(4);
});

test("killed in the middle and run again, it goes on where it stopped", async () => {
  const session = newSession();
  const hasSome = async (): Promise<boolean> => {
    const state = await sessionState(gateway, session).catch(() => undefined);
    return (state?.ingest.received_chunks ?? 0) > 0;
  };
  const killed = await roomtone(capture(session, sample), undefined, hasSome);
  expect(killed.code).toBeNull();
  const again = await roomtone(capture(session, sample));
  expect(again.code).toBe(0);
  expect((await sessionState(gateway, session)).ingest).toMatchObject({
    last_seq: sampleSeconds,
    received_chunks: sampleSeconds,
    missing_chunks: 0,
  });
});

test.each([
  [["capture", "x.wav", "--session", "a/b"], "--session is"],
  [["capture", "x.wav", "--session", "ab", "--url", "ftp://x"], "--url is"],
  [["capture", "no-such.wav", "--session", "ab"], "no-such.wav can't be read"],
  [["capture", sample], "required option '--session <id>'"],
  [["capture", bin, "--session", "ab"], "not a WAV file"],
])("wrong arguments %j: a sentence, and exit code 1", async (args, sentence) => {
  const run = await roomtone(args);
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(sentence);
  expect(run.stderr).not.toMatch(/^\s+at /m);
});
