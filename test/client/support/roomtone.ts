/** `roomtone` as a process. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { inject } from "vitest";
import { until } from "../../../client/testkit/until.ts";
import type { CliSettings } from "../../support/cli-once.ts";

export const bin: CliSettings["roomtoneBin"] = inject("roomtoneBin");
export const sample = fileURLToPath(new URL("../../../scripts/demo/sample/interview.wav", import.meta.url));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

interface RunOptions {
  /** What goes to stdin. */
  readonly input?: Uint8Array;
  /** A signal, as soon as this holds. */
  readonly interrupt?: { readonly signal: NodeJS.Signals; readonly when: () => Promise<boolean> };
  readonly env?: Readonly<Record<string, string>>;
}

export async function roomtone(args: readonly string[], { input, interrupt, env }: RunOptions = {}): Promise<Run> {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.on("data", (text: Buffer) => (output.stdout += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output.stderr += text.toString()));
  // Whoever refuses what comes reads no more of it.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  if (interrupt) {
    const isTime = async (): Promise<true | undefined> =>
      child.exitCode !== null || (await interrupt.when()) || undefined;
    await until(isTime, { what: () => `a moment for the signal; ${output.stderr}` });
    child.kill(interrupt.signal);
  }
  return { code: await ended, ...output };
}
