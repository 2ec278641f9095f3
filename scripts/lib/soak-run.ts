/** A long meeting as fast as the gateway admits it, with a look at what it costs at every tenth. */
import { randomBytes } from "node:crypto";
import type { Progress } from "../../client/cli/progress.ts";
import { Failure } from "./failure.ts";
import { fetchResult, fetchState, finalizeSession, type HttpTarget } from "./gateway-http.ts";
import { percentile } from "./percentile.ts";
import { roomBytes, workerdBytes } from "./soak-probe.ts";
import type { SoakSample } from "./soak-report.ts";
import { streamWindow, type WindowStreamReport } from "./window-stream.ts";

export interface SoakRun {
  /** The gateway's address, without a slash at the end. */
  readonly url: string;
  readonly stateDir: string;
  /** Of every track. */
  readonly seconds: number;
  readonly tracks: number;
  readonly progress: Progress;
}

/** Shares of the meeting. What comes before the first one is left out: a cold process is no measure. */
const warmUp = 0.02;
const marks = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9];

/** @throws Failure when a second is not kept as it was sent. */
export async function runSoak(run: SoakRun): Promise<SoakSample[]> {
  const { url, seconds, tracks, progress } = run;
  const target: HttpTarget = { baseHttp: new URL(`${url}/`), sessionId: `soak-${randomBytes(4).toString("hex")}` };
  const baseWs = new URL(`${url.replace(/^http/, "ws")}/`);
  const total = seconds * tracks;
  const startedAt = performance.now();
  const samples: Promise<SoakSample>[] = [];
  let latencies: number[] = [];
  let acked = 0;
  let isWarm = false;

  const look = (share: number): void => {
    const window = latencies;
    latencies = [];
    const sample = takeSample(run, target, { share, acked, elapsedMs: performance.now() - startedAt }, window);
    // Awaited at the end, where a failure is told; until then it must not end the process.
    sample.catch(() => undefined);
    samples.push(sample);
  };
  const onAck = (ackMs: number): void => {
    acked += 1;
    latencies.push(ackMs);
    if (!isWarm && acked >= warmUp * total) {
      isWarm = true;
      latencies = [];
    }
    const mark = marks[samples.length];
    if (mark !== undefined && acked >= mark * total) look(mark);
    const perSecond = Math.round((acked / (performance.now() - startedAt)) * 1_000);
    progress.update(acked, total, `${acked} of ${total} s kept and acked, ${perSecond} a second`);
  };

  const names = Array.from({ length: tracks }, (_, index) => `track-${index + 1}`);
  const { sessionId } = target;
  const reports = await Promise.all(names.map((track) => streamWindow({ baseWs, sessionId, track, seconds, onAck })));
  look(1);
  const taken = await Promise.all(samples);
  progress.clear();
  await checkKept(target, seconds, reports);
  return taken;
}

async function takeSample(
  { stateDir }: SoakRun,
  target: HttpTarget,
  when: Pick<SoakSample, "share" | "acked" | "elapsedMs">,
  latencies: readonly number[],
): Promise<SoakSample> {
  const [sqliteBytes, memoryBytes, state] = await Promise.all([
    roomBytes(stateDir),
    workerdBytes(),
    fetchState(target),
  ]);
  const pending = Object.values(state.ingest_by_track).map((track) => track.last_seq - track.archived_seq);
  return {
    ...when,
    sqliteBytes,
    memoryBytes,
    ackMsP50: percentile(latencies, 0.5),
    ackMsP99: percentile(latencies, 0.99),
    pendingChunks: pending.reduce((sum, count) => sum + count, 0),
  };
}

/** Finalizes, and compares what the result says with what was sent. */
async function checkKept(target: HttpTarget, seconds: number, reports: readonly WindowStreamReport[]): Promise<void> {
  await finalizeSession(target, Object.fromEntries(reports.map(({ track }) => [track, seconds])));
  const result = await fetchResult(target);
  if (result.coverage !== 1) throw new Failure(`The result has coverage ${result.coverage}; every second was acked.`);
  for (const { track, chainHead } of reports) {
    const audio = result.audio.find((entry) => entry.track === track);
    if (audio?.chunks !== seconds)
      throw new Failure(`The result has ${audio?.chunks ?? 0} seconds of ${track}; ${seconds} were acked.`);
    if (audio.chain_head !== chainHead)
      throw new Failure(`The hash chain of ${track} is not that of the seconds that were sent.`);
  }
}
