/**
 * What the long measuring runs share: a folder for everything they write, a gateway, a line of progress, and an end
 * that leaves nothing behind, whether they are done, fail, or are stopped.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createProgress, type Progress } from "../../client/cli/progress.ts";
import { sentenceOf } from "../../schemas/lib/failure.ts";
import { type Gateway, startGateway } from "../../scripts/local/gateway.ts";
import { onStopSignal } from "../../scripts/local/stop-signal.ts";
import { stopGateway, workerdPids } from "../../scripts/local/workerd-processes.ts";

export interface LongRunReport {
  readonly lines: readonly string[];
  readonly isGood: boolean;
}

export class LongRun {
  readonly progress: Progress = createProgress(process.stderr);
  readonly folder: string;
  readonly stateDir: string;
  readonly #ends: (() => Promise<void>)[] = [];
  #gateway: Promise<Gateway> | undefined;

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `roomtone-${name}-`));
    this.stateDir = join(this.folder, "state");
    // Not at `end`: on a signal miniflare ends this process at once. And a workerd makes its folders anew.
    process.once("exit", () => {
      for (const pid of workerdPids()) process.kill(pid, "SIGKILL");
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 10 });
    });
  }

  print(line: string): void {
    this.progress.clear();
    console.log(line);
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

/**
 * Reads the arguments, runs `measure`, and ends the process: 0 where its report is good, else 1.
 * @param name of the folder.
 */
export async function runLong<Options>(
  name: string,
  parse: (argv: readonly string[]) => Options | undefined,
  measure: (run: LongRun, options: Options) => Promise<LongRunReport>,
): Promise<void> {
  let run: LongRun | undefined;
  const stopping = new AbortController();
  onStopSignal(async () => {
    stopping.abort();
    await run?.end();
  });
  let code = 1;
  try {
    const options = parse(process.argv.slice(2));
    if (!options) return;
    run = new LongRun(name);
    const { lines, isGood } = await measure(run, options);
    run.print(`\n${lines.join("\n")}`);
    code = isGood ? 0 : 1;
  } catch (cause) {
    // Stopped on purpose: what breaks then is no news, and the signal's own clean-up ends the process.
    if (stopping.signal.aborted) return;
    run?.progress.clear();
    console.error(sentenceOf(cause));
  }
  await run?.end();
  process.exit(code);
}
