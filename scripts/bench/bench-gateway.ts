/** A gateway of this process to be measured, with a state folder that is gone when the process ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandRun } from "../cli/run-command.ts";
import { type Gateway, startGateway } from "../local/gateway.ts";
import { stopGateway } from "../local/workerd-processes.ts";

const folders: string[] = [];

export function benchFolder(): string {
  // At the very end: a dying workerd makes its folders anew.
  if (folders.length === 0) process.once("exit", removeFolders);
  const folder = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
  folders.push(folder);
  return folder;
}

function removeFolders(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
}

/** Stopped when the command ends. */
export async function startBenchGateway(
  { atEnd }: Pick<CommandRun, "atEnd">,
  variables: Readonly<Record<string, string>>,
  stateDir = benchFolder(),
): Promise<Gateway> {
  const gateway = await startGateway({ port: 0, stateDir, variables });
  atEnd(() => stopGateway(gateway));
  return gateway;
}
