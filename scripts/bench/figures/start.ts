/** From `npm start` to the ready line, with an empty STATE_DIR and with one that was used; and what the Workers weigh. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Bench } from "../bench.ts";
import { GatewayProcess } from "../../local/gateway-process.ts";
import { workerBundle } from "../../local/bundle/worker-bundle.ts";
import { cpuMs } from "../../profile/cpu-time.ts";
import type { FigureTable } from "../report/figure.ts";
import { short, shortSpread, spreadOf } from "../report/stats.ts";

interface Start {
  readonly tookMs: number;
  readonly cpuMs: number;
}

export async function start(bench: Bench): Promise<FigureTable> {
  const [fresh, used]: [Start[], Start[]] = [[], []];
  // The bundle of the Workers is made once for a version of the sources: no start of a user's second day.
  await workerBundle();
  for (let round = 0; round < bench.options.rounds; round += 1) {
    bench.progress(`Start: round ${round + 1} of ${bench.options.rounds}`);
    const gateway = new GatewayProcess({ env: { AUTH_MODE: "off" } });
    bench.run.atEnd(() => gateway.dispose());
    fresh.push(await startOnce(gateway));
    await gateway.stop();
    used.push(await startOnce(gateway));
    await gateway.dispose();
  }
  const row = (name: string, starts: readonly Start[]): FigureTable["rows"][number] => {
    const took = spreadOf(starts.map(({ tookMs }) => tookMs));
    return {
      start: name,
      "ready after ms": short(took.median),
      spread: shortSpread(took),
      "CPU ms": short(spreadOf(starts.map((each) => each.cpuMs)).median),
    };
  };
  return {
    title: "Start to ready",
    rows: [row("an empty STATE_DIR", fresh), row("a STATE_DIR that was used", used)],
    notes: ["To 50 ms. CPU of the processes that live at the ready line."],
  };
}

async function startOnce(gateway: GatewayProcess): Promise<Start> {
  const startedAt = performance.now();
  await gateway.start();
  return { tookMs: performance.now() - startedAt, cpuMs: cpuMs(gateway.processes().map(({ pid }) => pid)) };
}

function kib(of: readonly Buffer[]): string {
  return short(of.reduce((sum, { length }) => sum + length, 0) / 1_024);
}

export async function size(): Promise<FigureTable> {
  const { workers, folder } = await workerBundle();
  const rows = workers.map(({ name, modules }) => {
    const contents = modules.map(({ path }) => readFileSync(join(folder, path)));
    return { worker: name, KiB: kib(contents), "KiB gzip": kib(contents.map((content) => gzipSync(content))) };
  });
  return { title: "What is deployed", rows };
}
