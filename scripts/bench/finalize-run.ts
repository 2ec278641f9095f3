/** A meeting of some hours, streamed as fast as admitted and finalized: what finalize takes, in time and memory. */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { stampedSecond } from "../../client/testkit/stamped-second.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { until } from "../../client/testkit/until.ts";
import { percentile } from "../cli/percentile.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { fetchResult, fetchState, type HttpTarget } from "../smoke/gateway-http.ts";
import { workerdBytes } from "./probe.ts";

/** A local workerd may leave a socket alone for half a minute. */
const answerTimeoutMs = 120_000;
const maxArchiveMs = 600_000;
const maxFinalizeMsPerTrackHour = 120_000;
const memoryEveryMs = 250;
const firstByteRounds = 9;
const mib = 2 ** 20;

export interface FinalizeBench {
  /** The gateway's address, without a slash at the end. */
  readonly url: string;
  /** Of each track. */
  readonly seconds: number;
  readonly tracks: readonly string[];
}

export async function benchFinalize(bench: FinalizeBench, { progress, print }: CommandRun): Promise<void> {
  const { url, seconds, tracks } = bench;
  const target: HttpTarget = { baseHttp: new URL(`${url}/`), sessionId: "bench-finalize" };
  const baseWs = new URL(`${url.replace(/^http/, "ws")}/`);
  let acked = 0;
  const onAck = (): void => {
    acked += 1;
    progress.update(acked, seconds * tracks.length, `${acked} s kept and acked`);
  };
  const stream = { baseWs, sessionId: target.sessionId, seconds, second: stampedSecond, resends: true, onAck };
  for (const track of tracks) await streamTrack({ ...stream, track, encoding: "msgpack", answerTimeoutMs });
  const isArchived = async (): Promise<true | undefined> => {
    const { ingest_by_track: byTrack } = await fetchState(target);
    return Object.values(byTrack).every((track) => track.archived_seq === seconds) || undefined;
  };
  await until(isArchived, { what: "all audio to be in R2", timeoutMs: maxArchiveMs });
  print(`first byte of audio.wav, out of chunks: ${await firstBytes(target, bench)}`);
  const trackHours = (seconds / 3_600) * tracks.length;
  const { tookMs, memory } = await finalize(target, trackHours);
  const { audio } = await fetchResult(target);
  if (audio.some(({ wav }) => wav === null)) throw new Failure("Finalize put no WAV together.");
  const [start = 0, end = 0, most] = [memory[0], memory.at(-1), Math.max(...memory)];
  const perHour = tookMs / 1_000 / trackHours;
  print(`finalize: ${(tookMs / 1_000).toFixed(1)} s, ${perHour.toFixed(2)} s per hour of audio`);
  const inMib = [start, most, end].map((bytes) => (bytes / mib).toFixed(0));
  print(`workerd's memory: ${inMib[0]} MiB before, at most ${inMib[1]}, ${inMib[2]} after`);
  print(`first byte of audio.wav, out of the WAV: ${await firstBytes(target, bench)}`);
}

async function firstBytes(target: HttpTarget, bench: FinalizeBench): Promise<string> {
  const [start, end] = [await firstByteMs(target, bench, 0), await firstByteMs(target, bench, 1)];
  return `${start.toFixed(1)} ms at its start, ${end.toFixed(1)} ms at its end`;
}

/** Milliseconds to the first byte of ten seconds that begin at a share of the track; the median of some tries. */
async function firstByteMs(
  { baseHttp, sessionId }: HttpTarget,
  { seconds, tracks }: FinalizeBench,
  share: number,
): Promise<number> {
  const url = new URL(`v1/sessions/${sessionId}/audio.wav?track=${tracks[0] ?? ""}`, baseHttp);
  const from = Math.floor(share * (seconds - 11)) * chunkBytes;
  const tries: number[] = [];
  for (let round = 0; round < firstByteRounds; round += 1) {
    const startedAt = performance.now();
    const answer = await fetch(url, { headers: { range: `bytes=${from}-${from + 10 * chunkBytes}` } });
    if (answer.status !== 206) throw new Failure(`audio.wav answered ${answer.status} to a range.`);
    await answer.body?.getReader().read();
    tries.push(performance.now() - startedAt);
  }
  return percentile(tries, 0.5);
}

/** Finalizes, and looks at workerd's memory all along. */
async function finalize(target: HttpTarget, trackHours: number): Promise<{ tookMs: number; memory: number[] }> {
  const memory = [await workerdBytes()];
  const startedAt = performance.now();
  const looking = setInterval(() => void workerdBytes().then((bytes) => memory.push(bytes)), memoryEveryMs);
  try {
    const url = new URL(`v1/sessions/${target.sessionId}/finalize`, target.baseHttp);
    const done = async (): Promise<true | undefined> => {
      const answer = await fetch(url, { method: "POST" });
      await answer.body?.cancel();
      return answer.status === 200 || undefined;
    };
    await until(done, { what: "finalize", timeoutMs: maxFinalizeMsPerTrackHour * Math.max(1, trackHours) });
    return { tookMs: performance.now() - startedAt, memory: [...memory, await workerdBytes()] };
  } finally {
    clearInterval(looking);
  }
}
