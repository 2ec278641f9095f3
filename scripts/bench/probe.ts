/** What a room takes of this machine: its SQLite file, and the memory of the workerd processes that serve it. */
import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { isErrorCode } from "../../client/node/durable-file.ts";
import { workerdPids } from "../local/workerd-processes.ts";

const roomFolder = join("v3", "do", "roomtone-MeetingSessionDO");
/** The database and its write-ahead log. `-shm` is an index of the log in shared memory; `metadata` is miniflare's own. */
const roomFile = /^(?!metadata\.).*\.sqlite(-wal)?$/;

/** Bytes of all rooms of a gateway on disk. */
export async function roomBytes(stateDir: string): Promise<number> {
  const folder = join(stateDir, roomFolder);
  const names = (await readdir(folder)).filter((name) => roomFile.test(name));
  const sizes = await Promise.all(names.map((name) => sizeOf(join(folder, name))));
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (cause) {
    // A log goes when its database is closed.
    if (isErrorCode(cause, "ENOENT")) return 0;
    throw cause;
  }
}

/** Resident bytes of all workerd processes that this process started. */
export function workerdBytes(): Promise<number> {
  return residentBytes(workerdPids());
}

export async function residentBytes(pids: readonly number[]): Promise<number> {
  const sizes = process.platform === "linux" ? await Promise.all(pids.map(residentKbOnLinux)) : await residentKb(pids);
  return sizes.reduce((sum, kilobytes) => sum + kilobytes, 0) * 1_024;
}

/** Without `ps`, which small images lack. */
async function residentKbOnLinux(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
}

async function residentKb(pids: readonly number[]): Promise<number[]> {
  const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", pids.join(",")]);
  return stdout.trim().split(/\s+/).map(Number);
}
