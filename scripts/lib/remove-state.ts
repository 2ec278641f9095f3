import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { workerdPids } from "./workerd-processes.ts";

const patienceMs = 3_000;

/** Removes a stopped gateway's folder, once no workerd is left: a dying one would make it anew. */
export async function removeState(folder: string): Promise<void> {
  const until = performance.now() + patienceMs;
  while (workerdPids().length > 0 && performance.now() < until) await sleep(50);
  await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}
