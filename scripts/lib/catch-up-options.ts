/** The arguments of `npm run catch-up`, checked. Pure. */
import { Command, CommanderError } from "commander";
import { Failure } from "./failure.ts";
import { parsePort } from "./parse-port.ts";

export interface CatchUpOptions {
  /** Recorded while the gateway is down. */
  readonly seconds: number;
  readonly port: number;
}

const maxMinutes = 1_440;

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 */
export function parseCatchUpOptions(argv: readonly string[]): CatchUpOptions | undefined {
  const command = new Command("npm run catch-up --")
    .description(
      "Records while the gateway is down, then lets the capture catch up; fails unless all of it is kept, once.",
    )
    .option("--minutes <n>", "to record offline", "100")
    .option("--port <port>", "port for the gateway, 0 for any free one", "0")
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  let raw: { minutes: string; port: string };
  try {
    raw = command.parse(argv, { from: "user" }).opts();
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return undefined;
    throw new Failure(`${cause.message.replace(/^error: |\.$/g, "")}; see --help.`);
  }
  const seconds = Math.round(Number(raw.minutes) * 60);
  if (!(seconds >= 10 && seconds <= maxMinutes * 60))
    throw new Failure(`--minutes must be a number from 0.2 to ${maxMinutes}, not "${raw.minutes}".`);
  return { seconds, port: parsePort("--port", raw.port) };
}
