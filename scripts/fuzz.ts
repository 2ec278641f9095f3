/**
 * Mutated frames and requests against a real gateway: `npm run fuzz -- --frames 100000 --requests 20000`. Ends with 1 at the
 * first answer that is not as documented, naming the seed: `--seed N` sends the same again.
 */
import { sentenceOf } from "./lib/failure.ts";
import { Finding } from "./lib/fuzz/finding.ts";
import { parseFuzzOptions } from "./lib/fuzz/fuzz-options.ts";
import { FuzzRun } from "./lib/fuzz/fuzz-run.ts";
import { onStopSignal } from "./lib/stop-signal.ts";

let run: FuzzRun | undefined;
onStopSignal(async () => run?.dispose());
let seed: number | undefined;
try {
  const options = parseFuzzOptions(process.argv.slice(2));
  if (options) {
    ({ seed } = options);
    console.log(`seed ${seed}`);
    run = new FuzzRun();
    await run.run(options);
  }
} catch (cause) {
  process.exitCode = 1;
  console.error(cause instanceof Finding ? `finding, with --seed ${seed}:\n${cause.message}` : sentenceOf(cause));
} finally {
  await run?.dispose();
}
