/**
 * One writer a folder, on one machine. Every contender leaves an empty file that says all in its name, and
 * then looks for others:
 *
 *   <pid>.<start>.<nonce>.lock     start: of the process, in the kernel's ticks; 0 where unknown
 *
 * On a full disk, which may have no space for a file's name and number, it is a second name of a file that is there.
 *
 * Nothing is ever written into or taken over, so no crash and no race can leave a lock half made or delete a
 * live one: of two that come at once, each sees the other, and at least one goes away. A file whose process
 * is dead is swept away. The start time tells a process from a later one of the same number, such as
 * process 1 of a restarted container; without /proc a number alone decides.
 */
import { link, open, readdir, readFile, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { OutboxLockedError } from "../capture/outbox.ts";
import { diskFault } from "./disk-fault.ts";

const lockPattern = /^(\d+)\.(\d+)\.[0-9a-f-]{36}\.lock$/;

/** Ways to a lock on a full disk. */
interface FullDiskWays {
  /** A file that may be there. */
  readonly linkTo: string;
  /** Makes space for one small file, if it can. */
  readonly giveUp: () => Promise<void>;
}

/** @returns what gives the folder free again. Rejects with OutboxLockedError while another writer has it. */
export async function lockFolder(folder: string, ways: FullDiskWays): Promise<() => Promise<void>> {
  const own = `${process.pid}.${(await statOf(process.pid))?.start ?? 0}.${randomUUID()}.lock`;
  const path = join(folder, own);
  const release = (): Promise<void> => rm(path, { force: true });
  if (!(await isMade(path)) && !(await isLinked(ways.linkTo, path))) {
    // Only of a folder that nobody else has may anything be given up.
    await refuseOthers(folder, own);
    await ways.giveUp();
    await makeEmpty(path);
  }
  try {
    await refuseOthers(folder, own);
  } catch (cause) {
    await release();
    throw cause;
  }
  return release;
}

async function makeEmpty(path: string): Promise<void> {
  await (await open(path, "wx")).close();
}

/** @returns false where the disk is full. */
async function isMade(path: string): Promise<boolean> {
  try {
    await makeEmpty(path);
    return true;
  } catch (cause) {
    if (diskFault(cause) !== "full") throw cause;
    return false;
  }
}

/** @returns false where there is no such file, or the disk can't do that. */
async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (cause) {
    if (!(cause instanceof Error && "syscall" in cause)) throw cause;
    return false;
  }
}

/** Sweeps away what the dead left. @throws OutboxLockedError where one lives. */
async function refuseOthers(folder: string, own: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid, start] = lockPattern.exec(name) ?? [];
    if (name === own || pid === undefined || start === undefined) continue;
    if (await isAlive(Number(pid), start)) {
      throw new OutboxLockedError(`process ${pid} uses ${folder}; wait for it, or use another folder`);
    }
    await rm(join(folder, name), { force: true });
  }
}

async function isAlive(pid: number, start: string): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (cause) {
    // EPERM: it lives, as somebody else's.
    if (!(cause instanceof Error && "code" in cause && cause.code === "EPERM")) return false;
  }
  const stat = await statOf(pid);
  if (!stat) return true;
  // A zombie is dead, and only its parent has not been told.
  if (stat.state === "Z" || stat.state === "X") return false;
  return start === "0" || stat.start === start;
}

/** What /proc/<pid>/stat says, see proc(5): field 3, and 22, when the process began in ticks since the machine did. */
async function statOf(pid: number): Promise<{ state: string | undefined; start: string | undefined } | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    // The second field is the program's name in brackets, which may itself hold blanks and brackets.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], start: fields[19] };
  } catch {
    // Not Linux: the number alone decides. Or gone since: the next attempt finds it gone.
    return undefined;
  }
}
