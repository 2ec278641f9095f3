/**
 * What the long measuring runs share: a folder for everything they write, a gateway, a line of progress, and an end
 * that leaves nothing behind, whether they are done, fail, or are stopped.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Progress } from "../../client/cli/progress.ts";
import type { CommandRun } from "../../scripts/cli/run-command.ts";
import { type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { stopGateway, workerdPids } from "../../scripts/local/workerd-processes.ts";

export interface LongRunReport {
  readonly lines: readonly string[];
  readonly isGood: boolean;
}

export class LongRun {
  readonly progress: Progress;
  readonly print: (line: string) => void;
  readonly folder: string;
  readonly stateDir: string;
  readonly #ends: (() => Promise<void>)[] = [];
  #gateway: Promise<Gateway> | undefined;

  constructor(name: string, { progress, print }: CommandRun) {
    this.progress = progress;
    this.print = print;
    this.folder = mkdtempSync(join(tmpdir(), `roomtone-${name}-`));
    this.stateDir = join(this.folder, "state");
    // Not at `end`: on a signal miniflare ends this process at once. And a workerd makes its folders anew.
    process.once("exit", () => {
      for (const pid of workerdPids()) process.kill(pid, "SIGKILL");
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
    });
  }

  /** @param variables of the Worker, besides `AUTH_MODE`. @returns the gateway's address, without a slash at the end. */
  async startGateway(port: number, variables: Readonly<Record<string, string>> = {}): Promise<string> {
    this.#gateway = startGateway({ port, stateDir: this.stateDir, variables: { AUTH_MODE: "off", ...variables } });
    return (await this.#gateway).url;
  }

  /** To be done before the gateway is stopped. */
  atEnd(work: () => Promise<void>): void {
    this.#ends.push(work);
  }

  async end(): Promise<void> {
    this.progress.clear();
    for (const work of this.#ends.splice(0)) await work();
    await stopGateway(await this.#gateway?.catch(() => undefined));
  }
}

/** A measuring run as a command has it. @param name of the folder. */
export function longRun<Options>(
  name: string,
  measure: (run: LongRun, options: Options) => Promise<LongRunReport>,
): (options: Options, command: CommandRun) => Promise<number> {
  return async (options, command) => {
    const run = new LongRun(name, command);
    command.atEnd(() => run.end());
    const { lines, isGood } = await measure(run, options);
    run.print(`\n${lines.join("\n")}`);
    return isGood ? 0 : 1;
  };
}
