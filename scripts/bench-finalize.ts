/**
 * `npm run bench:finalize`: a meeting of some hours, streamed as fast as admitted and then finalized: seconds per hour of
 * audio, the memory of workerd on the way, and the time to the first byte of `audio.wav` near its start and near its
 * end, before and after. Needs a disk with 64 kB for each second of each track, until it ends.
 */
import { limits } from "../schemas/limits.ts";
import { startBenchGateway } from "./bench/bench-gateway.ts";
import { benchFinalize } from "./bench/finalize-run.ts";
import { workerdBytes } from "./bench/probe.ts";
import { defineCommand } from "./cli/define-command.ts";
import { decimal, wholeNumber } from "./cli/option-types.ts";
import { runCommand } from "./cli/run-command.ts";
import { unlimited } from "./local/unlimited.ts";

const command = defineCommand({
  name: "npm run bench:finalize --",
  description: "How long finalize takes for an hour of audio, and what memory.",
  options: {
    hours: decimal(0.01, 24).meta({ value: "<n>", description: "length of the meeting", default: "1" }),
    tracks: wholeNumber(1, limits.maxTracksPerSession).meta({ value: "<n>", description: "tracks", default: "2" }),
  },
});

await runCommand(command, async ({ hours, tracks }, run) => {
  const { url } = await startBenchGateway(run, { AUTH_MODE: "off", RESOLVE_AUTO: "off", ...unlimited });
  run.print(`${hours} h in ${tracks} tracks`);
  const names = Array.from({ length: tracks }, (_, index) => `track-${index + 1}`);
  const seconds = Math.round(hours * 3_600);
  await benchFinalize({ url, session: "bench-finalize", seconds, tracks: names, memory: workerdBytes }, run);
});
