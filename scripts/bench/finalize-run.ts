/** A meeting of some hours, streamed as fast as admitted and finalized: what finalize takes, in time and memory. */
import { chunkBytes } from "../../schemas/wire/audio.ts";
import { Failure } from "../../schemas/lib/failure.ts";
import { stampedSecond } from "../../client/testkit/stamped-second.ts";
import { streamTrack } from "../../client/testkit/track-stream.ts";
import { until } from "../../client/testkit/until.ts";
import { percentile } from "../cli/percentile.ts";
import type { CommandRun } from "../cli/run-command.ts";
import { fetchResult, fetchState, type HttpTarget } from "../smoke/gateway-http.ts";

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
  /** That nobody used. */
  readonly session: string;
  /** Of each track. */
  readonly seconds: number;
  readonly tracks: readonly string[];
  /** Resident bytes of the runtime. */
  readonly memory: () => Promise<number>;
}

interface FirstBytes {
  /** Of the track's first seconds, and of its last ones. */
  readonly startMs: number;
  readonly endMs: number;
}

export interface MeetingFigures {
  /** While the seconds are objects, and once there is a WAV. */
  readonly before: FirstBytes;
  readonly after: FirstBytes;
  readonly finalizeMs: number;
  /** Of the runtime: before, at most, and after. */
  readonly bytes: readonly [number, number, number];
}

export async function benchFinalize(bench: FinalizeBench, run: CommandRun): Promise<void> {
  const { print } = run;
  const { before, after, finalizeMs, bytes } = await measureMeeting(bench, run);
  print(`first byte of audio.wav, out of chunks: ${said(before)}`);
  const perHour = finalizeMs / 1_000 / ((bench.seconds / 3_600) * bench.tracks.length);
  print(`finalize: ${(finalizeMs / 1_000).toFixed(1)} s, ${perHour.toFixed(2)} s per hour of audio`);
  const inMib = bytes.map((each) => (each / mib).toFixed(0));
  print(`workerd's memory: ${inMib[0]} MiB before, at most ${inMib[1]}, ${inMib[2]} after`);
  print(`first byte of audio.wav, out of the WAV: ${said(after)}`);
}

function said({ startMs, endMs }: FirstBytes): string {
  return `${startMs.toFixed(1)} ms at its start, ${endMs.toFixed(1)} ms at its end`;
}

/** Streams a meeting, finalizes it, and measures on the way. */
export async function measureMeeting(bench: FinalizeBench, { progress }: CommandRun): Promise<MeetingFigures> {
  const { url, session, seconds, tracks, memory } = bench;
  const target: HttpTarget = { baseHttp: new URL(`${url}/`), sessionId: session };
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
  const before = await firstBytes(target, bench);
  const finalized = await finalize(target, (seconds / 3_600) * tracks.length, memory);
  const { audio } = await fetchResult(target);
  if (audio.some(({ wav }) => wav === null)) throw new Failure("Finalize put no WAV together.");
  const [first = 0, last = 0] = [finalized.memory[0], finalized.memory.at(-1)];
  return {
    before,
    after: await firstBytes(target, bench),
    finalizeMs: finalized.tookMs,
    bytes: [first, Math.max(...finalized.memory), last],
  };
}

async function firstBytes(target: HttpTarget, bench: FinalizeBench): Promise<FirstBytes> {
  return { startMs: await firstByteMs(target, bench, 0), endMs: await firstByteMs(target, bench, 1) };
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

/** Finalizes, and looks at the runtime's memory all along. */
async function finalize(
  target: HttpTarget,
  trackHours: number,
  bytes: () => Promise<number>,
): Promise<{ tookMs: number; memory: number[] }> {
  const memory = [await bytes()];
  const startedAt = performance.now();
  const looking = setInterval(() => void bytes().then((now) => memory.push(now)), memoryEveryMs);
  try {
    const url = new URL(`v1/sessions/${target.sessionId}/finalize`, target.baseHttp);
    const done = async (): Promise<true | undefined> => {
      const answer = await fetch(url, { method: "POST" });
      await answer.body?.cancel();
      return answer.status === 200 || undefined;
    };
    await until(done, { what: "finalize", timeoutMs: maxFinalizeMsPerTrackHour * Math.max(1, trackHours) });
    return { tookMs: performance.now() - startedAt, memory: [...memory, await bytes()] };
  } finally {
    clearInterval(looking);
  }
}
