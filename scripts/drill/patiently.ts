/** What drills share: the audio that they stream, and waiting for what must come. */
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
