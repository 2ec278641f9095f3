/** The time that processes had the processor, which other work on the machine does not lengthen as it does a clock's. */
import { readFileSync } from "node:fs";
import { Failure } from "../../schemas/lib/failure.ts";

/** `sysconf(_SC_CLK_TCK)`, the same on every Linux that Node runs on. */
const ticksPerSecond = 100;

/** User and system time of processes so far, ms. @throws Failure where the machine is no Linux. */
export function cpuMs(pids: readonly number[]): number {
  if (process.platform !== "linux") throw new Failure("The time of a process is read from /proc: this needs Linux.");
  return pids.reduce((sum, pid) => sum + cpuMsOf(readFileSync(`/proc/${pid}/stat`, "utf8")), 0);
}

/** The name may hold anything, so that what follows is counted behind its last bracket: fields 14 and 15 of proc(5). */
function cpuMsOf(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1_000) / ticksPerSecond;
}
