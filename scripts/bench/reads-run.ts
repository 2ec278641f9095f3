/** Ack latency of a live track without readers, with them, and beside a finalize: p50, p99 and their ratios. */
import { stampedSecond } from "../../client/testkit/stamped-second.ts";
import { TrackStream } from "../../client/testkit/track-stream.ts";
import { percentile } from "../cli/percentile.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { unlimited } from "../local/unlimited.ts";
import { finalizeSession, type HttpTarget } from "../smoke/gateway-http.ts";
import { startBenchGateway } from "./bench-gateway.ts";
import { fillLog, pastTrack, startBusyService } from "./reads-meeting.ts";
import { ReadTimes, readRound, routesOf } from "./reads-routes.ts";

export interface ReadsOptions {
  readonly events: number;
  /** Chunks a second. */
  readonly rate: number;
  /** Of each measurement. */
  readonly seconds: number;
  /** Reads a second. */
  readonly readers: number;
}

/** A gateway that stands still must be measured, not given up. */
const answerTimeoutMs = 120_000;
const warmUpMs = 5_000;

export async function benchReads(options: ReadsOptions, run: CommandRun): Promise<void> {
  const { print } = run;
  const service = await startBusyService(run);
  const variables = { AUTH_MODE: "off", INFERENCE_BASE_URL: service, MAX_TRACKS_PER_SESSION: "64", ...unlimited };
  const { url } = await startBenchGateway(run, variables);
  const target: HttpTarget = { baseHttp: new URL(`${url}/`), sessionId: "bench-reads" };
  const count = await fillLog(target, options.events, run);
  print(`${count} events; ${options.rate} chunks/s; ${options.seconds} s each; ${options.readers} reads/s`);

  const alone = await measure({ ...target, sessionId: target.sessionId }, "live", options, run);
  print(describe("without a reader", alone));
  const times = new ReadTimes();
  const read = await measure(target, "live-read", options, run, {
    beside: (signal) => readRound(target, options, times, signal),
    acked: (ms) => times.acked(ms),
  });
  print(describe("with readers", read));
  for (const [name, took] of times) {
    print(
      `    ${name.padEnd(26)} ${took.statuses()}  p50 ${took.p50()} ms, an ack meanwhile at most ${took.worstAckMs.toFixed(0)} ms`,
    );
  }
  const ratio = percentile(read, 0.99) / Math.max(0.01, percentile(alone, 0.99));
  print(`p99 with readers / without: ${ratio.toFixed(2)}`);

  const beside = { ...target, sessionId: "bench-beside" };
  const still = await measure(beside, "live", options, run);
  print(describe("another meeting, alone", still));
  let finalizeMs = 0;
  const finalized = await measure(beside, "live-2", options, run, {
    beside: async () => {
      const startedAt = performance.now();
      await finalizeSession(target, {});
      finalizeMs = performance.now() - startedAt;
    },
  });
  print(describe("while the long one is finalized", finalized));
  print(`finalize took ${(finalizeMs / 1_000).toFixed(1)} s`);
  for (const [name, path] of routesOf(target.sessionId, count)) {
    if (name !== "result") continue;
    const answer = await fetch(new URL(path, target.baseHttp));
    const { byteLength } = new Uint8Array(await answer.arrayBuffer());
    print(`result: ${answer.status}, ${(byteLength / 1e6).toFixed(1)} MB; track ${pastTrack}`);
  }
}

interface Beside {
  /** Goes on while the track streams. */
  readonly beside?: (signal: AbortSignal) => Promise<void>;
  /** Is told of each ack, ms from when its chunk was due. */
  readonly acked?: (ms: number) => void;
}

/** Streams a track for a while. @returns ms from when each chunk was due to its ack. */
async function measure(
  target: HttpTarget,
  track: string,
  { rate, seconds }: ReadsOptions,
  { progress, signal }: CommandRun,
  { beside, acked }: Beside = {},
): Promise<number[]> {
  const latencies: number[] = [];
  const startedAt = performance.now();
  const stream = await TrackStream.open({
    baseWs: new URL(target.baseHttp.href.replace(/^http/, "ws")),
    sessionId: target.sessionId,
    track,
    encoding: "msgpack",
    seconds: Number.POSITIVE_INFINITY,
    second: stampedSecond,
    realtimeFactor: rate,
    resends: true,
    answerTimeoutMs,
    onAck: ({ dueMs }) => {
      if (performance.now() - startedAt > warmUpMs) latencies.push(dueMs);
      acked?.(dueMs);
      progress.update(latencies.length, rate * seconds, `${track}: ${latencies.length} acks`);
    },
  });
  const ending = new AbortController();
  const stop = (): void => {
    ending.abort();
    stream.finish();
  };
  signal.addEventListener("abort", stop);
  const timer = setTimeout(stop, warmUpMs + seconds * 1_000);
  try {
    await Promise.all([stream.run(), beside?.(ending.signal)]);
    return latencies;
  } finally {
    clearTimeout(timer);
    stream.stop();
  }
}

function describe(what: string, latencies: readonly number[]): string {
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(latencies, share));
  return `${what.padEnd(34)} p50 ${p50} ms, p99 ${p99} ms, at most ${most} ms (${latencies.length} acks)`;
}
