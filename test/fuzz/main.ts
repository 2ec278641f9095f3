/**
 * Mutated frames and requests against a real gateway: `npm run fuzz -- --frames 100000 --requests 20000`. Ends with 1 at the
 * first answer that is not as documented, naming the seed: `--seed N` sends the same again.
 */
import { sentenceOf } from "../../schemas/lib/failure.ts";
import { Finding } from "./finding.ts";
import { parseFuzzOptions } from "./fuzz-options.ts";
import { FuzzRun } from "./fuzz-run.ts";
import { onStopSignal } from "../../scripts/local/stop-signal.ts";

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
