/** The gateway beside two yardsticks, one after the other, in the same way. */
import { percentile } from "../cli/percentile.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { type Gateway, startGateway } from "../local/gateway.ts";
import { unlimited } from "../local/unlimited.ts";
import { stopGateway } from "../local/workerd-processes.ts";
import { type AckRate, ackRate } from "./ack-rate.ts";
import { benchFolder } from "./bench-gateway.ts";
import { startYardstick } from "./yardstick.ts";

interface Measure {
  readonly name: string;
  readonly acks_per_s: number;
  readonly ack_ms_p50: number;
  readonly ack_ms_p99: number;
}

export interface BenchOptions {
  /** Frames of one run. */
  readonly chunks: number;
  /** Runs of each; the median counts. */
  readonly rounds: number;
}

const warmUpChunks = 50;

const gateway =
  (variables: Readonly<Record<string, string>> = {}) =>
  (stateDir: string): Promise<Gateway> =>
    startGateway({ port: 0, stateDir, variables: { AUTH_MODE: "off", ...unlimited, ...variables } });

const contenders = {
  "null-room": (stateDir: string) => startYardstick("null-room", stateDir),
  roomtone: gateway(),
  // Nobody listens on the discard port.
  "roomtone-service-down": gateway({ INFERENCE_BASE_URL: "http://127.0.0.1:9" }),
  "roomtone-no-resolve": gateway({ RESOLVE_AUTO: "off" }),
  "put-then-ack": (stateDir: string) => startYardstick("put-then-ack", stateDir),
} satisfies Record<string, (stateDir: string) => Promise<Gateway>>;
type Name = keyof typeof contenders;

export async function bench(options: BenchOptions, { print, atEnd }: CommandRun): Promise<void> {
  let running: Gateway | undefined;
  atEnd(() => stopGateway(running));
  const measures = new Map<Name, Measure>();
  for (const [name, start] of Object.entries(contenders) as [Name, (stateDir: string) => Promise<Gateway>][]) {
    running = await start(benchFolder());
    measures.set(name, await measure(name, running.url, options));
    await running.stop();
    running = undefined;
  }
  console.table([...measures.values()]);
  const ratio = (of: "acks_per_s" | "ack_ms_p50", a: Name, b: Name): string =>
    ((measures.get(a)?.[of] ?? Number.NaN) / (measures.get(b)?.[of] ?? Number.NaN)).toFixed(2);
  const latency = (a: Name): string => `${ratio("ack_ms_p50", a, "roomtone-no-resolve")} times that without`;
  print(`acks a second, roomtone / null-room              ${ratio("acks_per_s", "roomtone", "null-room")}`);
  print(`acks a second, roomtone / put-then-ack           ${ratio("acks_per_s", "roomtone", "put-then-ack")}`);
  print(`ack latency p50, with the embedded resolver      ${latency("roomtone")}`);
  print(`ack latency p50, with a service that is down     ${latency("roomtone-service-down")}`);
}

async function measure(name: string, url: string, { chunks, rounds }: BenchOptions): Promise<Measure> {
  await ackRate(url, "warm-up", warmUpChunks);
  const runs: AckRate[] = [];
  for (let round = 0; round < rounds; round += 1) runs.push(await ackRate(url, `round-${round}`, chunks));
  const rates = runs.map((run) => run.perSecond);
  const latencies = runs.flatMap((run) => run.latencies);
  return {
    name,
    acks_per_s: percentile(rates, 0.5),
    ack_ms_p50: percentile(latencies, 0.5),
    ack_ms_p99: percentile(latencies, 0.99),
  };
}
