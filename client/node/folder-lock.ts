/**
 * One writer a folder, on one machine. Every contender leaves an empty file that says all in its name, and
 * then looks for others:
 *
 *   <pid>.<start>.<nonce>.lock     start: of the process, in the kernel's ticks; 0 where unknown
 *
 * Nothing is ever written into or taken over, so no crash and no race can leave a lock half made or delete a
 * live one: of two that come at once, each sees the other, and at least one goes away. A file whose process
 * is dead is swept away. The start time tells a process from a later one of the same number, such as
 * process 1 of a restarted container; without /proc a number alone decides.
 */
import { open, readdir, readFile, rm } from "node:fs/promises";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { OutboxLockedError } from "../capture/outbox.ts";

const lockPattern = /^(\d+)\.(\d+)\.[0-9a-f-]{36}\.lock$/;

/** @returns what gives the folder free again. Rejects with OutboxLockedError while another writer has it. */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  const own = `${process.pid}.${(await statOf(process.pid))?.start ?? 0}.${randomUUID()}.lock`;
  const release = (): Promise<void> => rm(join(folder, own), { force: true });
  await (await open(join(folder, own), "wx")).close();
  try {
    for (const name of await readdir(folder)) {
      const [, pid, start] = lockPattern.exec(name) ?? [];
      if (name === own || pid === undefined || start === undefined) continue;
      if (await isAlive(Number(pid), start)) {
        throw new OutboxLockedError(`process ${pid} captures into ${folder}; wait for it, or use another folder`);
      }
      await rm(join(folder, name), { force: true });
    }
  } catch (cause) {
    await release();
    throw cause;
  }
  return release;
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
