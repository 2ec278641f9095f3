/** A capture that records while there is no gateway, and what happens when there is one again. */
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { chunkSamples, channelCount, sampleRateHz } from "../../schemas/wire/audio.ts";
import { type Capture, startCapture } from "../../client/index.ts";
import { openFileOutbox } from "../../client/node/index.ts";
import { type CatchUpMeasure, reportCatchUp } from "./catch-up-report.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { fetchResult, finalizeSession } from "../../scripts/smoke/gateway-http.ts";
import type { LongRun, LongRunReport } from "./long-run.ts";
import { stampedSecond } from "../../client/testkit/stamped-second.ts";
import { tappedWebSocket } from "../../client/testkit/tapped-web-socket.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";

const sessionId = "catch-up";
const track = "mixed";
/** On a busy machine a local workerd may leave a socket alone for half a minute. */
const plainAnswerTimeoutMs = 120_000;

export interface CatchUpOptions {
  /** Recorded while the gateway is down. */
  readonly seconds: number;
  /** 0 takes a free one. */
  readonly port: number;
}

/** @throws Failure when the capture fails or lacks a second. */
export async function runCatchUp(run: LongRun, { seconds, port: wanted }: CatchUpOptions): Promise<LongRunReport> {
  const port = wanted || (await freePort());
  const { Socket, tap } = tappedWebSocket();
  const capture = await startCapture({
    baseUrl: `http://127.0.0.1:${port}`,
    sessionId,
    track,
    format: { sampleRate: sampleRateHz, channels: channelCount },
    outbox: await openFileOutbox({ folder: join(run.folder, "outbox"), maxFrames: seconds }),
    WebSocket: Socket,
  });
  run.atEnd(() => capture.close());
  let attempts = 0;
  let reconnects = 0;
  capture.on("retrying", () => {
    attempts += 1;
  });
  capture.on("connected", (event) => {
    reconnects = event.reconnects;
  });

  const recordedPerSecond = await record(run, capture, seconds);
  run.print(`${seconds} s recorded offline, ${attempts} attempts to connect. Starting the gateway.`);
  const connected = new Promise<number>((resolve) => capture.on("connected", () => resolve(performance.now())));
  // A machine that comes back waits for its turn; how long is not this measure's question.
  const gatewayAt = performance.now();
  const url = await run.startGateway(port);
  const upAt = performance.now();
  capture.on("lag", ({ seconds: lag }) => run.progress.update(seconds - lag, seconds, `${lag} s to catch up`));
  const connectedAt = await Promise.race([connected, capture.outcome().then(() => Number.NaN)]);
  const end = await capture.end();
  const caughtUpMs = performance.now() - connectedAt;
  if (!end.complete) throw new Failure(`The capture ended incomplete: ${JSON.stringify(end)}.`);
  await capture.close();

  const plainPerSecond = await plainRate(url, seconds);
  const target = { baseHttp: new URL(`${url}/`), sessionId };
  await finalizeSession(target, { [track]: seconds });
  const { coverage, ingest } = await fetchResult(target);
  const measure: CatchUpMeasure = {
    seconds,
    recordedPerSecond,
    startedMs: upAt - gatewayAt,
    connectedMs: connectedAt - upAt,
    caughtUpPerSecond: (seconds / caughtUpMs) * 1_000,
    plainPerSecond,
    attempts,
    reconnects,
    errors: tap.errors,
    duplicates: ingest.duplicate_chunks,
    coverage,
    received: ingest.received_chunks,
  };
  return reportCatchUp(measure);
}

/** @returns seconds of audio taken a second. */
async function record({ progress }: LongRun, capture: Capture, seconds: number): Promise<number> {
  const startedAt = performance.now();
  for (let seq = 1; seq <= seconds; seq += 1) {
    const samples = new Int16Array(stampedSecond(seq).buffer, 0, chunkSamples);
    if (!(await capture.write(samples))) throw new Failure(`The outbox refused second ${seq}.`);
    progress.update(seq, seconds, `${seq} of ${seconds} s recorded offline`);
  }
  return (seconds / (performance.now() - startedAt)) * 1_000;
}

/** @returns seconds of audio a second that a bare stream with a full window gets acked. */
async function plainRate(url: string, seconds: number): Promise<number> {
  const baseWs = new URL(`${url.replace(/^http/, "ws")}/`);
  const startedAt = performance.now();
  const stream = { baseWs, sessionId: "plain", track, encoding: "msgpack", seconds, second: stampedSecond } as const;
  await streamTrack({ ...stream, resends: true, answerTimeoutMs: plainAnswerTimeoutMs });
  return (seconds / (performance.now() - startedAt)) * 1_000;
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
