/** A gateway of this process to be measured, with a state folder that is gone when the process ends. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandRun } from "../cli/run-command.ts";
import { type Gateway, startGateway } from "../local/gateway.ts";
import { stopGateway } from "../local/workerd-processes.ts";

export function benchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
  // At the very end: a dying workerd makes its folders anew.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10 }));
  return folder;
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
