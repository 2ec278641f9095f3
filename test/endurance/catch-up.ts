/**
 * `npm run catch-up`: a hundred minutes of a meeting are recorded while the gateway is down, then it starts and
 * the capture catches up. Fails when a second is missing, arrives twice, or is refused over and over. The rate
 * is told beside that of a bare stream with a full window, over the same minutes of the same machine.
 */
import { parseCatchUpOptions } from "./catch-up-options.ts";
import { runCatchUp } from "./catch-up-run.ts";
import { runLong } from "./long-run.ts";

await runLong("catch-up", parseCatchUpOptions, runCatchUp);
