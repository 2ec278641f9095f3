/** The arguments of `npm run soak`, checked. Pure. */
import { Command } from "commander";
import { limits } from "../../schemas/limits.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { parsePort } from "../../scripts/cli/parse-port.ts";
import { readOptions } from "../../scripts/cli/read-options.ts";

export interface SoakOptions {
  /** Of each track. */
  readonly seconds: number;
  readonly tracks: number;
  readonly port: number;
}

const maxHours = 24;
/** With fewer a tenth of the run is too short to be a measure. */
const minSeconds = 100;

/** As `readOptions`. */
export function parseSoakOptions(argv: readonly string[]): SoakOptions | undefined {
  const command = new Command("npm run soak --")
    .description(
      "Streams a long meeting as fast as admitted; fails unless it costs as much at its end as at its start.",
    )
    .option("--hours <n>", "length of the meeting, of each of its tracks", "8")
    .option("--tracks <n>", "tracks that stream side by side", "3")
    .option("--port <port>", "port for the gateway, 0 for any free one", "0");
  const raw = readOptions(command, argv);
  if (!raw) return undefined;
  const { hours = "", tracks: many = "", port = "" } = raw;
  const seconds = Math.round(Number(hours) * 3_600);
  if (!(seconds >= minSeconds && seconds <= maxHours * 3_600))
    throw new Failure(`--hours must be a number from ${minSeconds} s (0.03) to ${maxHours}, not "${hours}".`);
  const tracks = Number(many);
  if (!Number.isInteger(tracks) || tracks < 1 || tracks > limits.maxTracksPerSession)
    throw new Failure(`--tracks must be 1 to ${limits.maxTracksPerSession}, not "${many}".`);
  return { seconds, tracks, port: parsePort("--port", port) };
}
