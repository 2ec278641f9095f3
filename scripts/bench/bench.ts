/** What every figure is given: the command, its options, and servers that are started once and stopped with it. */
import { setTimeout as sleep } from "node:timers/promises";
import type { CommandRun } from "../cli/run-command.ts";
import type { Contestant, ServerName } from "./contestants/contestants.ts";
import { type Server, startServer } from "./contestants/server.ts";
import type { LoadJob, LoadResult, LoadTrack } from "./load/job.ts";
import { runLoad } from "./load/run-load.ts";

export interface BenchOptions {
  /** Of each contestant; the median counts. */
  readonly rounds: number;
  readonly isLong: boolean;
}

type Asked = Pick<LoadJob, "chunks" | "drive"> & { readonly tracks: readonly LoadTrack[]; readonly firstSeq?: number };

/** A server is at rest when it takes less of a core than this. */
const restShare = 0.1;
const lookMs = 500;
const restPatienceMs = 30_000;

export class Bench {
  readonly run: CommandRun;
  readonly options: BenchOptions;
  readonly #servers = new Map<ServerName, Promise<Server>>();
  #names = 0;

  constructor(run: CommandRun, options: BenchOptions) {
    [this.run, this.options] = [run, options];
  }

  server(name: ServerName): Promise<Server> {
    const started = this.#servers.get(name) ?? startServer(this.run, name);
    this.#servers.set(name, started);
    return started;
  }

  /** Frees the memory of the servers that the figures so far used, and gives the next ones empty rooms. */
  async stopServers(): Promise<void> {
    const servers = [...this.#servers.values()];
    this.#servers.clear();
    for (const server of servers) await (await server).stop();
  }

  /** Sessions that nobody used. */
  sessions(count: number): string[] {
    this.#names += 1;
    return Array.from({ length: count }, (_, index) => `bench-${this.#names}-${index}`);
  }

  async load({ server, encoding, isGateway }: Contestant, asked: Asked): Promise<LoadResult> {
    const { url } = await this.server(server);
    return runLoad({ ...asked, url, encoding, isGateway }, this.run.signal);
  }

  progress(what: string): void {
    this.run.progress.update(0, 1, what);
  }
}

/** Until it does nothing of note, so that nobody's leftovers are counted against the next. @returns whether it came to rest. */
export async function atRest(server: Server): Promise<boolean> {
  const deadline = performance.now() + restPatienceMs;
  for (;;) {
    const before = server.usage().cpuMs;
    await sleep(lookMs);
    if (server.usage().cpuMs - before < restShare * lookMs) return true;
    if (performance.now() > deadline) return false;
  }
}
