/**
 * `npm run prove`: nothing is lost, from end to end. A capture of the sample meeting by the command line, through
 * faults, disconnects and kills; fails unless the result covers all of it and R2 holds the very samples.
 */
import { Failure, sentenceOf } from "../../schemas/lib/failure.ts";
import { parseProveOptions } from "./prove-options.ts";
import { Prove } from "./prove-run.ts";
import { onStopSignal } from "../../scripts/local/stop-signal.ts";

let run: Prove | undefined;
const stopping = new AbortController();
onStopSignal(async () => {
  stopping.abort();
  await run?.stop();
});

async function prove(seed: number, disconnects: number, speed: number): Promise<void> {
  console.log(`seed ${seed}`);
  run = new Prove({ seed, disconnects, speed, print: (line) => console.log(`  ${line}`) });
  try {
    const { seconds, coverage, duplicates, connections, faults, tookMs } = await run.run();
    console.log(
      `  kept: ${seconds} s, coverage ${coverage}, R2 identical to the source. ${connections} connections, ` +
        `faults ${JSON.stringify(faults)}, ${duplicates} duplicates, ${(tookMs / 1_000).toFixed(1)} s`,
    );
  } catch (cause) {
    throw new Failure(`seed ${seed}: ${sentenceOf(cause)}`);
  } finally {
    await run.stop();
  }
}

try {
  const options = parseProveOptions(process.argv.slice(2));
  if (!options) process.exit(0);
  const { seed, runs, disconnects, speed } = options;
  for (let i = 0; i < runs; i += 1) await prove(seed + i, disconnects, speed);
  process.exit(0);
} catch (cause) {
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    console.error(sentenceOf(cause));
    process.exit(1);
  }
}
