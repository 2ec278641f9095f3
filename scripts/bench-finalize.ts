/**
 * `npm run bench:finalize`: a meeting of some hours, streamed as fast as admitted and then finalized: seconds per hour of
 * audio, the memory of workerd on the way, and the time to the first byte of `audio.wav` near its start and near its
 * end, before and after. Needs a disk with 64 kB for each second of each track, until it ends.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { chunkBytes } from "../schemas/wire/audio.ts";
import { createProgress } from "../client/cli/progress.ts";
import { Failure, sentenceOf } from "../schemas/lib/failure.ts";
import { type Gateway, startGateway } from "./local/gateway.ts";
import { fetchResult, fetchState, type HttpTarget } from "./smoke/gateway-http.ts";
import { percentile } from "./cli/percentile.ts";
import { workerdBytes } from "./bench/probe.ts";
import { onStopSignal } from "./local/stop-signal.ts";
import { unlimited } from "./local/unlimited.ts";
import { until } from "../client/testkit/until.ts";
import { streamWindow } from "../client/testkit/window-stream.ts";
import { stopGateway } from "./local/workerd-processes.ts";

const maxArchiveMs = 600_000;
const maxFinalizeMsPerTrackHour = 120_000;
const memoryEveryMs = 250;
const firstByteRounds = 9;
const mib = 2 ** 20;

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("It is a number above 0.");
  return value;
}

const options = new Command("npm run bench:finalize --")
  .description("How long finalize takes for an hour of audio, and what memory.")
  .option("--hours <n>", "length of the meeting", positive, 1)
  .option("--tracks <n>", "tracks, at most 16", positive, 2)
  .parse()
  .opts<{ hours: number; tracks: number }>();
const seconds = Math.round(options.hours * 3_600);
const tracks = Array.from({ length: options.tracks }, (_, index) => `track-${index + 1}`);
const trackHours = options.hours * tracks.length;

/** Milliseconds to the first byte of ten seconds that begin at a share of the track; the median of some tries. */
async function firstByteMs({ baseHttp, sessionId }: HttpTarget, share: number): Promise<number> {
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

async function firstBytes(target: HttpTarget): Promise<string> {
  const [start, end] = [await firstByteMs(target, 0), await firstByteMs(target, 1)];
  return `${start.toFixed(1)} ms at its start, ${end.toFixed(1)} ms at its end`;
}

/** Finalizes, and looks at workerd's memory all along. */
async function finalize(target: HttpTarget): Promise<{ tookMs: number; memory: number[] }> {
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

async function run(url: string): Promise<void> {
  const target: HttpTarget = { baseHttp: new URL(`${url}/`), sessionId: "bench-finalize" };
  const baseWs = new URL(`${url.replace(/^http/, "ws")}/`);
  let acked = 0;
  const onAck = (): void => {
    acked += 1;
    progress.update(acked, seconds * tracks.length, `${acked} s kept and acked`);
  };
  for (const track of tracks) await streamWindow({ baseWs, ...target, track, seconds, onAck });
  progress.clear();
  const isArchived = async (): Promise<true | undefined> => {
    const { ingest_by_track: byTrack } = await fetchState(target);
    return Object.values(byTrack).every((track) => track.archived_seq === seconds) || undefined;
  };
  await until(isArchived, { what: "all audio to be in R2", timeoutMs: maxArchiveMs });
  console.log(`first byte of audio.wav, out of chunks: ${await firstBytes(target)}`);
  const { tookMs, memory } = await finalize(target);
  const { audio } = await fetchResult(target);
  if (audio.some(({ wav }) => wav === null)) throw new Failure("Finalize put no WAV together.");
  const [start = 0, end = 0, most] = [memory[0], memory.at(-1), Math.max(...memory)];
  const perHour = tookMs / 1_000 / trackHours;
  console.log(`finalize: ${(tookMs / 1_000).toFixed(1)} s, ${perHour.toFixed(2)} s per hour of audio`);
  console.log(
    `workerd's memory: ${(start / mib).toFixed(0)} MiB before, at most ${(most / mib).toFixed(0)}, ${(end / mib).toFixed(0)} after`,
  );
  console.log(`first byte of audio.wav, out of the WAV: ${await firstBytes(target)}`);
}

const progress = createProgress(process.stderr);
let gateway: Gateway | undefined;
const stopping = new AbortController();

async function cleanUp(): Promise<void> {
  progress.clear();
  await stopGateway(gateway);
}
onStopSignal(() => {
  stopping.abort();
  return cleanUp();
});

try {
  const stateDir = mkdtempSync(join(tmpdir(), "roomtone-bench-"));
  // Not in `cleanUp`: a dying workerd makes its folders anew.
  process.once("exit", () => rmSync(stateDir, { recursive: true, force: true, maxRetries: 10 }));
  gateway = await startGateway({
    port: 0,
    stateDir,
    variables: { AUTH_MODE: "off", RESOLVE_AUTO: "off", ...unlimited },
  });
  console.log(`${options.hours} h in ${tracks.length} tracks`);
  await run(gateway.url);
  await cleanUp();
  process.exit(0);
} catch (cause) {
  // Stopped on purpose: what breaks then is no news.
  if (!stopping.signal.aborted) {
    await cleanUp();
    console.error(sentenceOf(cause));
    process.exit(1);
  }
}
