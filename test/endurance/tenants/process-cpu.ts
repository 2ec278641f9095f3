/** CPU time of processes, where the system tells it: steadier than any latency on a machine that others use too. */
import { readFile } from "node:fs/promises";

/** `USER_HZ` of every Linux that Node runs on. */
const ticksPerSecond = 100;

/** @returns seconds of CPU that the processes have used, user and system; undefined where it can't be told. */
export async function cpuSeconds(pids: readonly number[]): Promise<number | undefined> {
  if (process.platform !== "linux") return undefined;
  const seconds = await Promise.all(pids.map(ofOne));
  return seconds.reduce((sum, one) => sum + one, 0);
}

async function ofOne(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  // proc(5): the name, in parentheses, may hold anything; utime and stime are the 12th and 13th after it.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
