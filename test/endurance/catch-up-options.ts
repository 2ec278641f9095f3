/** The arguments of `npm run catch-up`, checked. Pure. */
import { Command } from "commander";
import { Failure } from "../../schemas/lib/failure.ts";
import { parsePort } from "../../scripts/cli/parse-port.ts";
import { readOptions } from "../../scripts/cli/read-options.ts";

export interface CatchUpOptions {
  /** Recorded while the gateway is down. */
  readonly seconds: number;
  readonly port: number;
}

const maxMinutes = 1_440;

/** As `readOptions`. */
export function parseCatchUpOptions(argv: readonly string[]): CatchUpOptions | undefined {
  const command = new Command("npm run catch-up --")
    .description(
      "Records while the gateway is down, then lets the capture catch up; fails unless all of it is kept, once.",
    )
    .option("--minutes <n>", "to record offline", "100")
    .option("--port <port>", "port for the gateway, 0 for any free one", "0");
  const raw = readOptions(command, argv);
  if (!raw) return undefined;
  const { minutes = "", port = "" } = raw;
  const seconds = Math.round(Number(minutes) * 60);
  if (!(seconds >= 10 && seconds <= maxMinutes * 60))
    throw new Failure(`--minutes must be a number from 0.2 to ${maxMinutes}, not "${minutes}".`);
  return { seconds, port: parsePort("--port", port) };
}
