/** A capture that records while there is no gateway, and what happens when there is one again. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { chunkSamples, channelCount, sampleRateHz } from "../../schemas/audio.ts";
import type { Progress } from "../../client/cli/progress.ts";
import { type Capture, startCapture } from "../../client/index.ts";
import { openFileOutbox } from "../../client/node/index.ts";
import type { CatchUpMeasure } from "./catch-up-report.ts";
import { Failure } from "./failure.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { fetchResult, finalizeSession } from "./gateway-http.ts";
import { stampedSecond } from "./stamped-second.ts";
import { tappedWebSocket } from "./tapped-web-socket.ts";
import { streamWindow } from "./window-stream.ts";
import { stopGateway } from "./workerd-processes.ts";

export interface CatchUpRun {
  readonly seconds: number;
  /** 0 for any free one. */
  readonly port: number;
  /** For the outbox and the gateway's state. */
  readonly folder: string;
  readonly progress: Progress;
  readonly print: (line: string) => void;
}

const sessionId = "catch-up";
const track = "mixed";

export class CatchUp {
  readonly #run: CatchUpRun;
  #gateway: Gateway | undefined;
  #capture: Capture | undefined;

  constructor(run: CatchUpRun) {
    this.#run = run;
  }

  /** @throws Failure when the capture fails or lacks a second. */
  async measure(): Promise<CatchUpMeasure> {
    const { seconds, folder, progress, print } = this.#run;
    const port = this.#run.port || (await freePort());
    const { Socket, tap } = tappedWebSocket();
    const capture = await startCapture({
      baseUrl: `http://127.0.0.1:${port}`,
      sessionId,
      track,
      format: { sampleRate: sampleRateHz, channels: channelCount },
      outbox: await openFileOutbox({ folder: join(folder, "outbox"), maxFrames: seconds }),
      WebSocket: Socket,
    });
    this.#capture = capture;
    let attempts = 0;
    let reconnects = 0;
    capture.on("retrying", () => {
      attempts += 1;
    });
    capture.on("connected", (event) => {
      reconnects = event.reconnects;
    });

    const recordedPerSecond = await this.#record(capture);
    progress.clear();
    print(`${seconds} s recorded offline, ${attempts} attempts to connect. Starting the gateway.`);
    const connected = new Promise<number>((resolve) => capture.on("connected", () => resolve(performance.now())));
    // A machine that comes back waits for its turn; how long is not this measure's question.
    const gatewayAt = performance.now();
    this.#gateway = await startGateway({ port, stateDir: join(folder, "state"), variables: { AUTH_MODE: "off" } });
    const upAt = performance.now();
    capture.on("lag", ({ seconds: lag }) => progress.update(seconds - lag, seconds, `${lag} s to catch up`));
    const connectedAt = await Promise.race([connected, capture.outcome().then(() => Number.NaN)]);
    const end = await capture.end();
    const caughtUpMs = performance.now() - connectedAt;
    progress.clear();
    if (!end.complete) throw new Failure(`The capture ended incomplete: ${JSON.stringify(end)}.`);
    await capture.close();

    const before = await this.#plainRate("plain", seconds);
    progress.clear();
    const target = { baseHttp: new URL(`${this.#gateway.url}/`), sessionId };
    await finalizeSession(target, { [track]: seconds });
    const { coverage, ingest } = await fetchResult(target);
    return {
      seconds,
      recordedPerSecond,
      startedMs: upAt - gatewayAt,
      connectedMs: connectedAt - upAt,
      caughtUpPerSecond: (seconds / caughtUpMs) * 1_000,
      plainPerSecond: before,
      attempts,
      reconnects,
      errors: tap.errors,
      duplicates: ingest.duplicate_chunks,
      coverage,
      received: ingest.received_chunks,
    };
  }

  /** Ends all that was started. */
  async stop(): Promise<void> {
    await this.#capture?.close();
    await stopGateway(this.#gateway);
  }

  /** @returns seconds of audio taken a second. */
  async #record(capture: Capture): Promise<number> {
    const { seconds, progress } = this.#run;
    const startedAt = performance.now();
    for (let seq = 1; seq <= seconds; seq += 1) {
      const samples = new Int16Array(stampedSecond(seq).buffer, 0, chunkSamples);
      if (!(await capture.write(samples))) throw new Failure(`The outbox refused second ${seq}.`);
      progress.update(seq, seconds, `${seq} of ${seconds} s recorded offline`);
    }
    return (seconds / (performance.now() - startedAt)) * 1_000;
  }

  /** @returns seconds of audio a second that a bare stream with a full window gets acked. */
  async #plainRate(name: string, seconds: number): Promise<number> {
    const baseWs = new URL(`${(this.#gateway?.url ?? "").replace(/^http/, "ws")}/`);
    const startedAt = performance.now();
    await streamWindow({ baseWs, sessionId: name, track, seconds });
    return (seconds / (performance.now() - startedAt)) * 1_000;
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (typeof address !== "object" || address === null)
    throw new Failure("No free port was found; choose one with --port.");
  return address.port;
}
