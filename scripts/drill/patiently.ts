/** What drills share: the audio that they stream, how they ask the gateway, and waiting for what must come. */
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Failure } from "../../schemas/lib/failure.ts";

const patienceMs = 60_000;

export const drillSample = fileURLToPath(new URL("../demo/sample/interview.wav", import.meta.url));

/** @throws Failure where it is not so within a minute. */
export async function patiently(what: string, isSo: () => Promise<boolean>): Promise<void> {
  for (const end = performance.now() + patienceMs; !(await isSo()); await sleep(200)) {
    if (performance.now() > end) throw new Failure(`Not in a minute: ${what}.`);
  }
}

/** @returns the answer, on a connection of its own: what a drill breaks and restarts leaves no open ones behind that are any good. */
export async function ask(url: string, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("connection", "close");
  return fetch(url + path, { ...init, headers });
}
