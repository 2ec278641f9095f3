/** What a room takes of this machine: its SQLite file, and the memory of the workerd processes that serve it. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { isErrorCode } from "../../client/node/durable-file.ts";
import { workerdPids } from "../local/workerd-processes.ts";

const roomFolder = join("v3", "do", "roomtone-MeetingSessionDO");
/** The database and its write-ahead log. `-shm` is an index of the log in shared memory; `metadata` is miniflare's own. */
const roomFile = /^(?!metadata\.).*\.sqlite(-wal)?$/;
/** The room may write. */
const busyTimeoutMs = 10_000;

/** Bytes of all rooms of a gateway. */
export interface RoomBytes {
  /** Databases and their logs: a file stays as long as its busiest moment made it. */
  readonly onDisk: number;
  /** Of the databases, without the pages that are free for the next rows. */
  readonly used: number;
}

export async function roomBytes(stateDir: string): Promise<RoomBytes> {
  const folder = join(stateDir, roomFolder);
  const names = (await readdir(folder)).filter((name) => roomFile.test(name));
  const paths = names.map((name) => join(folder, name));
  const sizes = await Promise.all(paths.map(sizeOf));
  const used = paths.filter((path) => path.endsWith(".sqlite")).map(usedBytes);
  return { onDisk: sum(sizes), used: sum(used) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
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

/** 0 where the database was deleted since. */
function usedBytes(path: string): number {
  if (!existsSync(path)) return 0;
  const database = new DatabaseSync(path, { readOnly: true, timeout: busyTimeoutMs });
  try {
    const pragma = (name: string): number => Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);
    return (pragma("page_count") - pragma("freelist_count")) * pragma("page_size");
  } finally {
    database.close();
  }
}

/** Resident bytes of all workerd processes that this process started. */
export function workerdBytes(): Promise<number> {
  return residentBytes(workerdPids());
}

export async function residentBytes(pids: readonly number[]): Promise<number> {
  const sizes = process.platform === "linux" ? await Promise.all(pids.map(residentKbOnLinux)) : await residentKb(pids);
  return sum(sizes) * 1_024;
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
