/** Output into a pipe that nobody reads any more, as `| head` leaves it. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, onTestFinished, test } from "vitest";
import { brokenPipeCode } from "../../client/cli/reader-gone.ts";

/** Its reader is gone before it has begun. */
async function unread(...args: string[]): Promise<{ code: number; stderr: string }> {
  const stateDir = await mkdtemp(join(tmpdir(), "roomtone-unread-"));
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
  const child = spawn(process.execPath, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, STATE_DIR: stateDir, NODE_COMPILE_CACHE: "node_modules/.cache/compiled" },
  });
  child.stdout.destroy();
  const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, "exit")]);
  return { code: Number(code), stderr };
}

test.each([
  ["help", "scripts/keys.ts", "--help"],
  ["what was done", "scripts/keys.ts", "create", "--tenant", "acme", "--name", "n", "--scope", "metrics:read"],
  ["the help of one without clean-up", "scripts/size.ts", "--help"],
  ["the help of roomtone", "client/cli/main.ts", "--help"],
])("%s that nobody reads ends a command without a stack", async (_, ...args) => {
  const { code, stderr } = await unread(...args);
  // Whoever was done before the system said so has ended as usual.
  expect([0, brokenPipeCode]).toContain(code);
  expect(stderr).not.toMatch(/EPIPE|node:events/);
});
