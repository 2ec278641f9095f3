/**
 * `node --import tsx scripts/fault-proxy.ts --help`: a fault-injecting proxy before a gateway, by hand. Point any
 * client at the address it prints; Ctrl-C ends it with one JSON line that counts what it did.
 */
import { Command, CommanderError } from "commander";
import { Failure, sentenceOf } from "../schemas/lib/failure.ts";
import { type FaultKind, faultKinds, faultMeanings, type FaultRates } from "../client/testkit/fault-plan.ts";
import { FaultProxy, type FaultProxyOptions } from "../client/testkit/fault-proxy.ts";
import { parsePort } from "./cli/parse-port.ts";
import { onStopSignal } from "./local/stop-signal.ts";

const flagOf = (kind: FaultKind): string => kind.replace("_", "-");

/** commander's name for an option's value. */
const keyOf = (kind: FaultKind): string => kind.replace(/_(\w)/, (_all, letter: string) => letter.toUpperCase());

function command(): Command {
  const program = new Command("fault-proxy")
    .description("A WebSocket proxy before a gateway that breaks a share of the messages, decided by a seed.")
    .option("--target <url>", "the gateway's address", "http://127.0.0.1:8787")
    .option("--port <n>", "port to listen on; 0 takes a free one", "8788")
    .option("--seed <n>", "of the decisions (default: a new one, printed)")
    .option("--delay-ms <n>", "how long delay and stall last", "200");
  for (const kind of faultKinds) {
    program.option(`--${flagOf(kind)} <rate>`, `share of messages, 0 to 1: ${faultMeanings[kind]}`);
  }
  return program.exitOverride().configureOutput({ outputError: () => undefined });
}

/** @returns undefined where help was asked for, and printed. */
function parseOptions(argv: readonly string[]): FaultProxyOptions | undefined {
  let raw: Partial<Record<string, string>>;
  try {
    raw = command().parse(argv, { from: "user" }).opts();
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    if (cause.exitCode === 0) return undefined;
    throw new Failure(`${cause.message.replace(/^error: /, "")}; see --help.`);
  }
  const { target = "", port = "" } = raw;
  if (!/^https?:$/.test(URL.parse(target)?.protocol ?? ""))
    throw new Failure("--target must start with http:// or https://.");
  const rates: Partial<Record<FaultKind, number>> = {};
  for (const kind of faultKinds) rates[kind] = numberOf(`--${flagOf(kind)}`, raw[keyOf(kind)] ?? "0");
  return {
    target,
    port: parsePort("--port", port),
    seed: raw["seed"] === undefined ? Math.floor(Math.random() * 2 ** 31) : numberOf("--seed", raw["seed"]),
    delayMs: numberOf("--delay-ms", raw["delayMs"] ?? ""),
    rates: rates satisfies FaultRates,
  };
}

function numberOf(option: string, text: string): number {
  const number = Number(text);
  if (text.trim() === "" || !Number.isFinite(number) || number < 0)
    throw new Failure(`${option} must be a number from 0, not "${text}".`);
  return number;
}

try {
  const options = parseOptions(process.argv.slice(2));
  if (options) {
    const proxy = await FaultProxy.start(options).catch((cause: unknown) => {
      if (cause instanceof RangeError || (cause instanceof Error && "code" in cause)) throw new Failure(cause.message);
      throw cause;
    });
    console.log(`ready ${proxy.url} → ${options.target}, seed ${proxy.seed}`);
    onStopSignal(async () => {
      console.log(JSON.stringify(proxy.counts));
      await proxy.close();
    });
  }
} catch (cause) {
  console.error(sentenceOf(cause));
  process.exitCode = 1;
}
