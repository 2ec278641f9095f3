/** Looks at the machine: what others use of it, and how long a fixed piece of work takes on all its cores at once. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { Failure } from "../../schemas/lib/failure.ts";
import type { Reference } from "./report/verdict.ts";

const program = fileURLToPath(new URL("reference-work.ts", import.meta.url));
const lookMs = 1_000;

export async function lookAtMachine(): Promise<Reference> {
  if (process.platform !== "linux")
    throw new Failure("The bench reads what processes take from /proc: it needs Linux.");
  const before = processorTimes();
  await sleep(lookMs);
  const after = processorTimes();
  const othersShare = (after.busy - before.busy) / Math.max(1, after.all - before.all);
  const runs = await Promise.all(Array.from({ length: availableParallelism() }, workOnce));
  const cpuMs = runs.reduce((sum, run) => sum + run.cpuMs, 0);
  const wallMs = runs.reduce((sum, run) => sum + run.wallMs, 0);
  return { othersShare, stretch: wallMs / cpuMs, workMs: cpuMs / runs.length };
}

/** Of all processors together since the machine started, in the kernel's ticks. */
function processorTimes(): { busy: number; all: number } {
  const [first = ""] = readFileSync("/proc/stat", "utf8").split("\n");
  const times = first.trim().split(/\s+/).slice(1, 9).map(Number);
  const all = times.reduce((sum, time) => sum + time, 0);
  // Fields of proc_stat(5): idle and iowait.
  return { busy: all - (times[3] ?? 0) - (times[4] ?? 0), all };
}

async function workOnce(): Promise<{ wallMs: number; cpuMs: number }> {
  const worker = new Worker(program);
  const [answer] = (await once(worker, "message")) as [{ wallMs: number; cpuMs: number }];
  await worker.terminate();
  return answer;
}
