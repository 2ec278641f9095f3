/**
 * A real meeting, captured by the command line through a network that breaks, while the gateway and the client are
 * killed: at the end all of it must be in R2, and the result must say so.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import { defaultTrack } from "../../schemas/names.ts";
import { checkFinalize, checkResult, type SentMeeting } from "../../scripts/smoke/check-result.ts";
import { checkStored } from "../../scripts/smoke/check-stored.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { FaultProxy } from "../../client/testkit/fault-proxy.ts";
import { fetchResult, fetchState, finalizeSession, type HttpTarget } from "../../scripts/smoke/gateway-http.ts";
import { GatewayProcess } from "../../scripts/local/gateway-process.ts";
import { readLocalBucket } from "../../scripts/local/local-bucket.ts";
import { type Blow, lossRates, planBlows } from "./prove-plan.ts";
import { loadAudio } from "../../client/testkit/sent-audio.ts";
import { until } from "../../client/testkit/until.ts";

export interface ProveOptions {
  readonly seed: number;
  readonly disconnects: number;
  /** How many times faster than real time the meeting is read. */
  readonly speed: number;
  readonly print: (line: string) => void;
}

export interface ProveReport {
  readonly seconds: number;
  readonly coverage: number;
  readonly duplicates: number;
  /** Connections that the proxy saw. */
  readonly connections: number;
  readonly faults: Readonly<Record<string, number>>;
  readonly tookMs: number;
}

const bin = fileURLToPath(new URL("../../client/cli/main.ts", import.meta.url));
const sample = fileURLToPath(new URL("../../scripts/demo/sample/interview.wav", import.meta.url));
const track = defaultTrack;
const blowTimeoutMs = 90_000;
const endTimeoutMs = 180_000;
/** Of the meeting that comes after the last blow. */
const calmSeconds = 20;

const reportSchema = z.object({ complete: z.boolean(), seconds: z.int(), missing: z.array(z.unknown()) });

export class Prove {
  readonly #options: ProveOptions;
  readonly #folder = mkdtempSync(join(tmpdir(), "roomtone-prove-"));
  readonly #gateway = new GatewayProcess();
  readonly #session: string;
  #proxy: FaultProxy | undefined;
  #client: ClientProcess | undefined;

  constructor(options: ProveOptions) {
    this.#options = options;
    this.#session = `prove-${options.seed}`;
  }

  /** @throws Failure naming what is not as it must be. */
  async run(): Promise<ProveReport> {
    const { seed, disconnects, speed, print } = this.#options;
    const { chunks, paddingSamples } = await loadAudio(sample, undefined);
    const startedAt = performance.now();
    await this.#gateway.start();
    this.#proxy = await FaultProxy.start({ target: this.#gateway.url, seed, rates: lossRates, delayMs: 100 });
    this.#client = this.#startClient(speed);
    for (const { atSecond, blow } of planBlows(seed, disconnects, chunks.length - calmSeconds)) {
      await this.#until(`${atSecond} s to be kept`, async () => (await this.#kept()) >= atSecond);
      await this.#strike(blow);
      print(`at ${String(await this.#kept()).padStart(2)} s: ${blow}`);
    }
    await this.#client.succeeded(chunks.length);
    const sent: SentMeeting = { sessionId: this.#session, track, chunks, paddingSamples, rejectedBefore: 0 };
    const answer = await finalizeSession(this.#target, { [track]: chunks.length });
    const result = await fetchResult(this.#target);
    checkResult(result, sent);
    checkFinalize(answer, result, sent);
    if (result.coverage !== 1) throw new Failure(`result has coverage ${result.coverage}; expected 1.`);
    const prefix = result.audio.find((audio) => audio.track === track)?.key_prefix ?? "";
    checkStored(await readLocalBucket(this.#gateway.stateDir, prefix), prefix, chunks);
    return {
      seconds: chunks.length,
      coverage: result.coverage,
      duplicates: result.ingest.duplicate_chunks,
      connections: this.#proxy.counts.connections,
      faults: this.#proxy.counts.faults,
      tookMs: performance.now() - startedAt,
    };
  }

  /** Ends all that was started, and removes what it left. */
  async stop(): Promise<void> {
    await this.#client?.kill();
    await this.#proxy?.close();
    await this.#gateway.dispose();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #target(): HttpTarget {
    return { baseHttp: new URL(`${this.#gateway.url}/`), sessionId: this.#session };
  }

  #startClient(speed: number): ClientProcess {
    const from = ["capture", sample, "--session", this.#session, "--track", track, "--speed", String(speed)];
    return new ClientProcess([...from, "--url", this.#proxy?.url ?? "", "--spool", join(this.#folder, "spool")]);
  }

  async #strike(blow: Blow): Promise<void> {
    const { speed } = this.#options;
    switch (blow) {
      case "disconnect":
        await this.#until("an open connection to end", () => (this.#proxy?.openLinks ?? 0) > 0);
        this.#proxy?.dropAll();
        return;
      case "kill the gateway":
        await this.#gateway.kill9();
        await this.#gateway.start();
        if (this.#proxy) this.#proxy.target = this.#gateway.url;
        return;
      case "kill the client":
        await this.#client?.kill();
        this.#client = this.#startClient(speed);
        return;
    }
  }

  async #kept(): Promise<number> {
    const { ingest } = await fetchState(this.#target).catch((cause: unknown) => {
      // Before the client first came.
      if (cause instanceof Failure) return { ingest: { received_chunks: 0 } };
      throw cause;
    });
    return ingest.received_chunks;
  }

  async #until(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
    const look = async (): Promise<true | undefined> => {
      if (this.#client?.hasEnded) throw new Failure(`The capture was over before ${what}: ${this.#client.said}`);
      return (await isSo()) || undefined;
    };
    await until(look, { what: () => `${what}; the client said ${this.#client?.said}`, timeoutMs: blowTimeoutMs });
  }
}

/** `roomtone capture` as a process. */
class ClientProcess {
  readonly #child: ChildProcess;
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[]) {
    const child = spawn(process.execPath, [bin, ...args], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.on("data", (text: Buffer) => (this.#stdout += text.toString()));
    child.stderr.on("data", (text: Buffer) => (this.#stderr += text.toString()));
    this.#child = child;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get said(): string {
    return `${this.#stdout}${this.#stderr}`.trim();
  }

  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#ended();
  }

  /** Waits for its end. @throws Failure where it did not tell of this many seconds, all of them kept. */
  async succeeded(seconds: number): Promise<void> {
    await this.#ended();
    if (this.#child.exitCode !== 0) throw new Failure(`The client ended with ${this.#child.exitCode}: ${this.said}`);
    const report = reportSchema.parse(JSON.parse(this.#stdout));
    if (!report.complete || report.seconds !== seconds)
      throw new Failure(`The client told ${this.#stdout.trim()}; expected all of ${seconds} seconds.`);
  }

  async #ended(): Promise<void> {
    await until(() => this.hasEnded || undefined, {
      what: () => `the client to end; it said ${this.said}`,
      timeoutMs: endTimeoutMs,
    });
  }
}
