/** Starts contestants' servers, and reads what they take of this machine. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { Failure } from "../../../schemas/lib/failure.ts";
import type { CommandRun } from "../../cli/run-command.ts";
import { readsTypeScript } from "../../local/reads-typescript.ts";
import { unlimited } from "../../local/unlimited.ts";
import { cpuMs } from "../../profile/cpu-time.ts";
import { benchFolder } from "../bench-gateway.ts";
import { residentBytes } from "../probe.ts";
import type { ServerName } from "./contestants.ts";

export interface ServeJob {
  readonly name: ServerName;
  readonly stateDir: string;
  /** Of a gateway. */
  readonly variables: Readonly<Record<string, string>>;
  /** Whether a Worker counts what it does, which costs it time. */
  readonly isCounted: boolean;
}

export type ServeAnswer = { readonly url: string; readonly pids: readonly number[] } | { readonly failure: string };

export interface Server {
  readonly url: string;
  readonly stateDir: string;
  /** All of its processes so far. */
  usage(): Usage;
  /** Of its workerd. */
  residentBytes(): Promise<number>;
  stop(): Promise<void>;
}

export interface Usage {
  readonly cpuMs: number;
  /** That went towards the disk. */
  readonly writtenBytes: number;
}

/** A local workerd takes its time to end. */
const stopTimeoutMs = 15_000;
const program = fileURLToPath(new URL("serve-main.ts", import.meta.url));

/** Archive and resolve at work, as by default; captions are another service's work and have a bench of their own. */
export const gatewayVariables: Readonly<Record<string, string>> = {
  AUTH_MODE: "off",
  CAPTIONS: "off",
  RESOLVE_REVIEW: "off",
  ...unlimited,
};

/** Stopped when the command ends. */
export async function startServer(
  { atEnd }: Pick<CommandRun, "atEnd">,
  name: ServerName,
  { variables = gatewayVariables, isCounted = false }: Partial<Pick<ServeJob, "variables" | "isCounted">> = {},
): Promise<Server> {
  const stateDir = benchFolder();
  const child = fork(program, { execArgv: [...readsTypeScript], stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const stop = (): Promise<void> => stopChild(child);
  atEnd(stop);
  const answered = Promise.race([once(child, "message"), once(child, "exit").then(() => [])]);
  child.send({ name, stateDir, variables, isCounted } satisfies ServeJob);
  const [answer] = (await answered) as [ServeAnswer?];
  if (!answer) throw new Failure(`${name} ended before it served.`);
  if ("failure" in answer) throw new Failure(`${name} did not start: ${answer.failure}`);
  const { url, pids } = answer;
  return { url, stateDir, usage: () => usageOf(pids), residentBytes: () => residentBytes(pids.slice(1)), stop };
}

/** It ends when its channel does. */
async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  if (child.connected) child.disconnect();
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await ended;
  clearTimeout(timer);
}

function usageOf(pids: readonly number[]): Usage {
  return { cpuMs: cpuMs(pids), writtenBytes: pids.reduce((sum, pid) => sum + writtenBytesOf(pid), 0) };
}

function writtenBytesOf(pid: number): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? 0);
}
