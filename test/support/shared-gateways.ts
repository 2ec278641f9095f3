/**
 * Ends, after all tests of a project, the gateways that its files shared: a worker that runs tests is killed in the end, and
 * can't do it itself.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import type { GatewayProcess } from "../../scripts/local/gateway-process.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Where shared gateways are noted; undefined in projects whose files each have their own. */
    sharedGateways?: string;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-shared-"));
  project.provide("sharedGateways", folder);
  return () => {
    for (const pid of readdirSync(folder)) end(Number(pid), readFileSync(join(folder, pid), "utf8"));
    rmSync(folder, { recursive: true, force: true });
  };
}

/** Notes a gateway that is to be ended after all tests. */
export function noteShared(folder: string, { pid, stateDir }: GatewayProcess): void {
  writeFileSync(join(folder, String(pid)), stateDir);
}

function end(groupId: number, stateDir: string): void {
  try {
    process.kill(-groupId, "SIGKILL");
  } catch (cause) {
    // Ended already.
    if (!(cause instanceof Error && "code" in cause && cause.code === "ESRCH")) throw cause;
  }
  rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
}
