/**
 * A track that the capture library streams, in a process that is killed, through a proxy that breaks connections and
 * loses acks. Its promise is the sum of the library's and the room's: once it says that it ended complete, every
 * second is kept; and a second that it got an ack for is kept.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as z from "zod";
import type { SessionResult } from "../../../schemas/http/result.ts";
import { FaultProxy } from "../../../client/testkit/fault-proxy.ts";
import { readsTypeScript } from "../../../scripts/local/reads-typescript.ts";
import { until } from "../../../client/testkit/until.ts";
import type { TrackModel } from "./track-model.ts";
import { hold, same } from "./violation.ts";

const script = fileURLToPath(new URL("capture-child.ts", import.meta.url));
const rates = { drop: 0.01, cut: 0.01, delay: 0.02, duplicate: 0.03, reorder: 0.03, lose: 0.05, half_open: 0.002 };
const delayMs = 50;
const endTimeoutMs = 60_000;

const lineSchema = z.union([
  z.object({ acked: z.int() }),
  z.object({ ended: z.object({ complete: z.boolean(), missing: z.array(z.unknown()), lost: z.array(z.unknown()) }) }),
  z.object({ failed: z.string() }),
]);

export interface ChaosCaptureOptions {
  readonly gatewayUrl: string;
  readonly session: string;
  readonly seed: number;
  readonly seconds: number;
  readonly model: TrackModel;
}

export class ChaosCapture {
  readonly #options: ChaosCaptureOptions;
  readonly #proxy: FaultProxy;
  readonly #folder = mkdtempSync(join(tmpdir(), "roomtone-chaos-capture-"));
  #child: ChildProcess | undefined;
  #isEnded = false;
  #failed: string | undefined;
  #stderr = "";
  readonly #abandon = (): void => {
    this.#child?.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  };

  private constructor(options: ChaosCaptureOptions, proxy: FaultProxy) {
    this.#options = options;
    this.#proxy = proxy;
    process.once("exit", this.#abandon);
  }

  static async start(options: ChaosCaptureOptions): Promise<ChaosCapture> {
    const { gatewayUrl: target, seed, seconds, model } = options;
    const capture = new ChaosCapture(options, await FaultProxy.start({ target, seed, rates, delayMs }));
    model.streamed(seconds);
    capture.#spawn();
    return capture;
  }

  get track(): string {
    return this.#options.model.track;
  }

  /** Whether it was ended before it ever reached the gateway. */
  neverCame({ ingest_by_track: tracks }: SessionResult): boolean {
    return tracks[this.track] === undefined && this.#options.model.sure().length === 0;
  }

  /** A gateway that was started again. */
  retarget(gatewayUrl: string): void {
    this.#proxy.target = gatewayUrl;
  }

  /** `kill -9`, and the same command again over the same outbox. */
  async killAndRestart(): Promise<void> {
    await this.#kill();
    this.#spawn();
  }

  /** Waits for the end, which must be a complete one. @throws Violation */
  async ended(): Promise<void> {
    await until(() => this.#isEnded || this.#failed !== undefined || undefined, {
      what: () => `the end of the capture of ${this.track} ${this.#stderr}`,
      timeoutMs: endTimeoutMs,
    });
    hold(this.#failed === undefined, `the capture failed: ${this.#failed ?? ""}`);
  }

  /** Ends the process, whatever it is at. @throws Violation where the capture had failed for another reason than finalize. */
  async stop(): Promise<void> {
    await this.#kill();
    if (this.#failed !== undefined) same("why the capture failed", this.#failed, "session_finalized");
  }

  async dispose(): Promise<void> {
    await this.#kill();
    await this.#proxy.close();
    process.off("exit", this.#abandon);
    this.#abandon();
  }

  #spawn(): void {
    const { session, seconds, model } = this.#options;
    const args = [...readsTypeScript, script, this.#proxy.url, session, model.track, this.#folder, String(seconds)];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    createInterface(child.stdout).on("line", (line) => this.#take(line));
    child.stderr.on("data", (text: Buffer) => {
      this.#stderr += text.toString();
    });
  }

  #take(text: string): void {
    const line = lineSchema.parse(JSON.parse(text));
    const { model, seconds } = this.#options;
    if ("acked" in line) return model.promised(line.acked);
    if ("failed" in line) this.#failed = line.failed;
    else if (!line.ended.complete) this.#failed = `ended incomplete: ${JSON.stringify(line.ended)}`;
    else {
      this.#isEnded = true;
      for (let seq = 1; seq <= seconds; seq += 1) model.promised(seq);
    }
  }

  async #kill(): Promise<void> {
    const child = this.#child;
    if (!child) return;
    this.#child = undefined;
    child.kill("SIGKILL");
    // What it had said is read to the end.
    const isOver = (): true | undefined => child.stdout?.readableEnded || child.stdout?.destroyed || undefined;
    await until(isOver, { what: "the capture's process to end" });
  }
}
