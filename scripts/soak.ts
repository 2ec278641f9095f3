/**
 * `npm run soak`: eight hours of a meeting with three tracks, as fast as the gateway admits, and whether it
 * costs as much at the end as at the start: the room's SQLite file, the process's memory, the ack latency.
 * Needs a disk with 32 kB for each second of each track (2.8 GB for the default), until it ends.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgress } from "../client/cli/progress.ts";
import { sentenceOf } from "./lib/failure.ts";
import { type Gateway, startGateway } from "./lib/gateway.ts";
import { parseSoakOptions } from "./lib/soak-options.ts";
import { reportSoak } from "./lib/soak-report.ts";
import { runSoak } from "./lib/soak-run.ts";
import { removeState } from "./lib/remove-state.ts";
import { onStopSignal } from "./lib/stop-signal.ts";
import { stopGateway } from "./lib/workerd-processes.ts";

const progress = createProgress(process.stderr);
let gateway: Gateway | undefined;
let stateDir: string | undefined;
const stopping = new AbortController();

async function cleanUp(): Promise<void> {
  progress.clear();
  await stopGateway(gateway);
  if (stateDir) await removeState(stateDir);
}
onStopSignal(() => {
  stopping.abort();
  return cleanUp();
});

try {
  const options = parseSoakOptions(process.argv.slice(2));
  if (!options) process.exit(0);
  const { port, seconds, tracks } = options;
  stateDir = await mkdtemp(join(tmpdir(), "roomtone-soak-"));
  gateway = await startGateway({ port, stateDir, variables: { AUTH_MODE: "off" } });
  console.log(`${seconds} s of meeting in ${tracks} tracks, as fast as admitted, to ${gateway.url}`);
  const startedAt = performance.now();
  const samples = await runSoak({ url: gateway.url, stateDir, seconds, tracks, progress });
  const took = (performance.now() - startedAt) / 1_000;
  const { lines, isFlat } = reportSoak(samples);
  console.log(`\n${lines.join("\n")}`);
  console.log(`\nFinalized with coverage 1, hash chains as sent; ${took.toFixed(0)} s in all.`);
  await cleanUp();
  process.exit(isFlat ? 0 : 1);
} catch (cause) {
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    await cleanUp();
    console.error(sentenceOf(cause));
    process.exit(1);
  }
}
