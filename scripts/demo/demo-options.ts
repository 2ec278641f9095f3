/** The arguments of `npm run demo`, checked. Pure. */
import { Command } from "commander";
import { parsePort } from "../cli/parse-port.ts";
import { parseCommand } from "../cli/read-options.ts";
import { parseFactor } from "../smoke/smoke-options.ts";

export interface DemoOptions {
  readonly port: number;
  readonly stateDir: string;
  /** How many times as fast as real time. */
  readonly speed: number;
  /** End once all is shown, instead of serving on. */
  readonly exit: boolean;
}

type Raw = { port?: string; speed?: string; exit?: boolean };

/**
 * @param argv without the runtime and the script.
 * @returns undefined where help was asked for, and printed.
 */
export function parseDemoOptions(argv: readonly string[], env: NodeJS.ProcessEnv): DemoOptions | undefined {
  const command = new Command("npm run demo --")
    .description("Starts the gateway, streams a sample interview, finalizes it and checks what was kept.")
    .option("--port <port>", "port to serve on, 0 for any free one (default: PORT, else 8787)")
    .option("--speed <factor>", "stream at this many times real time, from 1 (default 20)")
    .option("--exit", "end when done instead of serving on")
    .addHelpText("after", "\nSTATE_DIR says where audio and state are kept (default .wrangler/state).");
  const raw = parseCommand(command, argv)?.opts<Raw>();
  if (!raw) return undefined;
  return {
    port: raw.port === undefined ? parsePort("PORT", env["PORT"] || "8787") : parsePort("--port", raw.port),
    stateDir: env["STATE_DIR"] || ".wrangler/state",
    speed: parseFactor("--speed", raw.speed ?? "20"),
    exit: raw.exit ?? false,
  };
}
