/**
 * `npm run soak`: eight hours of a meeting with three tracks, as fast as the gateway admits, and whether it
 * costs as much at the end as at the start: the room's SQLite file, the process's memory, the ack latency.
 * Needs a disk with 32 kB for each second of each track (2.8 GB for the default), until it ends.
 */
import { runLong } from "./long-run.ts";
import { parseSoakOptions } from "./soak-options.ts";
import { runSoak } from "./soak-run.ts";

await runLong("soak", parseSoakOptions, runSoak);
