/** The arguments of `npm run soak`, checked. Pure. */
import { Command, CommanderError } from "commander";
import { limits } from "../../schemas/limits.ts";
import { Failure } from "./failure.ts";
import { parsePort } from "./parse-port.ts";

export interface SoakOptions {
  /** Of each track. */
  readonly seconds: number;
  readonly tracks: number;
  readonly port: number;
}

const maxHours = 24;
/** Fewer seconds than this don't fill the windows that are compared. */
const minSeconds = 100;

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 */
export function parseSoakOptions(argv: readonly string[]): SoakOptions | undefined {
  const command = new Command("npm run soak --")
    .description(
      "Streams a long meeting as fast as admitted; fails unless it costs as much at its end as at its start.",
    )
    .option("--hours <n>", "length of the meeting", "8")
    .option("--tracks <n>", "tracks that stream side by side", "3")
    .option("--port <port>", "port for the gateway, 0 for any free one", "0")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  let raw: { hours: string; tracks: string; port: string };
  try {
    raw = command.parse(argv, { from: "user" }).opts();
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return undefined;
    throw new Failure(`${cause.message.replace(/^error: |\.$/g, "")}; see --help.`);
  }
  const seconds = Math.round(Number(raw.hours) * 3_600);
  if (!(seconds >= minSeconds && seconds <= maxHours * 3_600))
    throw new Failure(`--hours must be a number from ${minSeconds} s (0.03) to ${maxHours}, not "${raw.hours}".`);
  const tracks = Number(raw.tracks);
  if (!Number.isInteger(tracks) || tracks < 1 || tracks > limits.maxTracksPerSession)
    throw new Failure(`--tracks must be 1 to ${limits.maxTracksPerSession}, not "${raw.tracks}".`);
  return { seconds, tracks, port: parsePort("--port", raw.port) };
}
