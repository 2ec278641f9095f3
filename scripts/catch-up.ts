/**
 * `npm run catch-up`: a hundred minutes of a meeting are recorded while the gateway is down, then it starts and
 * the capture catches up. Fails when a second is missing, arrives twice, or is refused over and over. The rate
 * is told beside that of a bare stream with a full window, over the same minutes of the same machine.
 */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgress } from "../client/cli/progress.ts";
import { parseCatchUpOptions } from "./lib/catch-up-options.ts";
import { CatchUp } from "./lib/catch-up-run.ts";
import { reportCatchUp } from "./lib/catch-up-report.ts";
import { sentenceOf } from "./lib/failure.ts";
import { removeState } from "./lib/remove-state.ts";
import { onStopSignal } from "./lib/stop-signal.ts";

const progress = createProgress(process.stderr);
let folder: string | undefined;
let run: CatchUp | undefined;
const stopping = new AbortController();

async function cleanUp(): Promise<void> {
  progress.clear();
  await run?.stop();
  if (folder) await removeState(folder);
}
onStopSignal(() => {
  stopping.abort();
  return cleanUp();
});

try {
  const options = parseCatchUpOptions(process.argv.slice(2));
  if (!options) process.exit(0);
  folder = await mkdtemp(join(tmpdir(), "roomtone-catch-up-"));
  run = new CatchUp({ ...options, folder, progress, print: (line) => console.log(line) });
  const { lines, isGood } = reportCatchUp(await run.measure());
  console.log(`\n${lines.join("\n")}`);
  await cleanUp();
  process.exit(isGood ? 0 : 1);
} catch (cause) {
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    await cleanUp();
    console.error(sentenceOf(cause));
    process.exit(1);
  }
}
