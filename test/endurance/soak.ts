/**
 * `npm run soak`: eight hours of a meeting with three tracks, as fast as the gateway admits, and whether it
 * costs as much at the end as at the start: the room's SQLite file, the process's memory, the ack latency.
 * Needs a disk with 32 kB for each second of each track (2.8 GB for the default), until it ends.
 */
import { limits } from "../../schemas/limits.ts";
import { defineCommand } from "../../scripts/cli/define-command.ts";
import { decimal, flag, port, wholeNumber } from "../../scripts/cli/option-types.ts";
import { runCommand } from "../../scripts/cli/run-command.ts";
import { longRun } from "./long-run.ts";
import { runSoak } from "./soak-run.ts";

/** Below 100 seconds a tenth of the run is too short to be a measure. */
const minHours = 0.028;

const command = defineCommand({
  name: "npm run soak --",
  description: "Streams a long meeting as fast as admitted; fails unless it costs as much at its end as at its start.",
  options: {
    hours: decimal(minHours, 24).meta({
      value: "<n>",
      description: "length of the meeting, of each of its tracks",
      default: "8",
    }),
    tracks: wholeNumber(1, limits.maxTracksPerSession).meta({
      value: "<n>",
      description: "tracks that stream side by side",
      default: "3",
    }),
    minutes: decimal(0.5, 240).optional().meta({
      value: "<n>",
      description: "how long it takes (without it: no longer than the gateway needs)",
    }),
    hostile: flag.meta({
      description:
        "beside it, 60 watchers that read nothing, 500 refused sockets and 300 bodies that stop arriving; run it with `ulimit -n 1024`",
    }),
    port: port.meta({ value: "<port>", description: "port for the gateway, 0 for any free one", default: "0" }),
  },
});

await runCommand(
  command,
  longRun("soak", (run, { hours, tracks, minutes = 0, hostile, port: wanted }) =>
    runSoak(run, { seconds: Math.round(hours * 3_600), tracks, minutes, isHostile: hostile, port: wanted }),
  ),
);
