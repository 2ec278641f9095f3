/**
 * Watches over the workerd of a gateway. miniflare starts it anew when it dies, on another port and without a word: so its
 * end ends that gateway, and whoever watches starts another or says why not. What was acked is on disk.
 */
import type { ChildProcess } from "node:child_process";
import { subscribe } from "node:diagnostics_channel";
import { basename } from "node:path";
import { Failure } from "../../schemas/lib/failure.ts";
import { within } from "../../client/testkit/within.ts";

const stopTimeoutMs = 5_000;
/** Started by miniflare, in this process, and still alive. */
const running = new Set<ChildProcess>();

let subscribed = false;

/** Notes every workerd that this process starts from now on. */
export function noteWorkerd(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe("child_process", (message) => {
    const { process: child } = message as { process: ChildProcess };
    // What is started has no name yet when it is announced.
    queueMicrotask(() => {
      if (!basename(child.spawnfile).startsWith("workerd")) return;
      running.add(child);
      child.once("exit", () => running.delete(child));
    });
  });
}

/** Of every workerd that is alive. */
export function workerdPids(): number[] {
  return [...running].flatMap(({ pid }) => pid ?? []);
}

/** How a workerd that runs now ended, as a part of a sentence; undefined once `signal` aborts. */
export function workerdDeath(signal: AbortSignal): Promise<string | undefined> {
  return new Promise((resolve) => {
    signal.addEventListener("abort", () => resolve(undefined));
    for (const child of running) {
      child.once("exit", (code, killedBy) => {
        const how = killedBy ? `was killed by ${killedBy}` : `ended with code ${String(code)}`;
        resolve(signal.aborted ? undefined : how);
      });
    }
  });
}

/** Rejects with a `Failure` as soon as a running workerd ends; else pends until `signal` aborts. */
export async function watchWorkerd(signal: AbortSignal): Promise<void> {
  const how = await workerdDeath(signal);
  if (how !== undefined) throw new Failure(`The gateway stops: workerd ${how}. What was acked is kept.`);
}

/** Stops the gateway, if it was started at all. One that is dead can't be waited for: its processes are killed. */
export async function stopGateway(gateway: { stop(): Promise<void> } | undefined): Promise<void> {
  if (gateway) await within(stopTimeoutMs, gateway.stop(), "").catch(() => undefined);
  for (const child of running) child.kill("SIGKILL");
}
