/**
 * The command `roomtone capture` streams a source until the room keeps all of it. What is not acked yet lies in the spool: run
 * again with the same session, track and spool, it goes on where it stopped. Knows no sockets and no files of the spool.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type CaptureEnd, CaptureFailedError } from "@roomtone/client/node";
import { channelTracks } from "./channel-choice.ts";
import type { CliCaptureOptions, CliInput } from "./capture-options.ts";
import { Follower } from "./follower.ts";
import { openDeviceSource, openStdinSource, openWavSource, type Source } from "./source.ts";
import { startTrack, type TrackCapture } from "./track-capture.ts";

interface TrackReport extends CaptureEnd {
  readonly track: string;
  readonly seconds: number;
  /** Times the connection was lost and made again. */
  readonly reconnects: number;
  /** Seconds that an earlier run had captured. */
  readonly continued_from: number;
}

/** One track, or with `--channel split` one for each channel. */
export type CaptureReport = { readonly session_id: string } & (
  | TrackReport
  | { readonly complete: boolean; readonly tracks: readonly TrackReport[] }
);

/**
 * @param signal ends a recording, and the room is still given all of it; aborts the capture of anything else, and what
 *   is in the spool stays there.
 * @returns what the room keeps, as soon as the room has answered.
 */
export async function runCapture(options: CliCaptureOptions, signal: AbortSignal): Promise<CaptureReport> {
  const source = await untilAborted(openSource(options.input), signal);
  const wanted = channelTracks(options.channel, options.track, source.format);
  const tracks: TrackCapture[] = [];
  const follower = new Follower(source, options.baseUrl);
  const stop = (): void => {
    if (!source.stop) return void closeAll(tracks);
    source.stop();
    follower.say("Ending: waiting until the room keeps all of it. Ctrl-C again leaves the rest in the spool.");
  };
  try {
    for (const each of wanted) tracks.push(await startTrack(options, source, each));
    for (const { track, capture } of tracks) follower.follow(capture, wanted.length > 1 ? track : undefined);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    const hadEnded = tracks.every(({ capture }) => capture.isSourceOver);
    await captureAll(tracks, source, options.speed, follower);
    const ends = await Promise.all(tracks.map(({ capture }) => capture.end()));
    if (hadEnded && source.seconds === undefined) throw new NothingCapturedError(trackHadEnded);
    const reports = tracks.map((track, index) => reportOf(track, ends[index], follower));
    const session = { session_id: options.sessionId };
    const [only] = reports;
    if (options.channel !== "split" && only) return { ...only, ...session };
    return { ...session, complete: reports.every(({ complete }) => complete), tracks: reports };
  } finally {
    signal.removeEventListener("abort", stop);
    source.stop?.();
    follower.stop();
    await closeAll(tracks);
  }
}

function reportOf(
  { track, capture, continuedFrom }: TrackCapture,
  end: CaptureEnd | undefined,
  follower: Follower,
): TrackReport {
  if (!end) throw new TypeError("every track has an end");
  const reconnects = follower.reconnectsOf(capture);
  return { ...end, track, seconds: capture.sourceSeconds, reconnects, continued_from: continuedFrom };
}

async function closeAll(tracks: readonly TrackCapture[]): Promise<void> {
  await Promise.all(tracks.map(({ capture }) => capture.close()));
}

/** The source gave nothing that could be added. */
export class NothingCapturedError extends Error {
  override readonly name = "NothingCapturedError";
}

const trackHadEnded =
  "This track had ended: what was left of it was sent, and nothing was added. For more, use another track or session.";

function nothingCame(continuedFrom: number): string {
  const rest = continuedFrom === 0 ? "" : ` The ${continuedFrom} s of earlier runs are in the spool or in the room.`;
  return `No samples came, so nothing was captured and the track was not ended: did what should give them fail?${rest}`;
}

/** Opening stdin waits for its first bytes, which may never come. */
async function untilAborted<T>(work: T | Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new CaptureFailedError("closed", "The capture was ended before it began."));
    signal.addEventListener("abort", stop, { once: true });
  });
  const hint = setTimeout(() => console.error("Waiting for the first samples."), waitingHintMs);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    clearTimeout(hint);
    if (stop) signal.removeEventListener("abort", stop);
  }
}
const waitingHintMs = 2_000;

function openSource(input: CliInput): Source | Promise<Source> {
  switch (input.kind) {
    case "file":
      return openWavSource(input.path);
    case "stdin":
      return openStdinSource(process.stdin, input.format);
    case "device":
      return openDeviceSource(input.name);
  }
}

/** Brings the source into every track that has not ended. @throws NothingCapturedError where nothing came of it. */
async function captureAll(
  tracks: readonly TrackCapture[],
  source: Source,
  speed: number | undefined,
  follower: Follower,
): Promise<void> {
  const open = tracks.filter(({ hadEnded }) => !hadEnded);
  if (open.length === 0) return;
  // A capture that fails must not wait for a source that gives nothing.
  const failed = open.map(({ capture }) => capture.outcome().then(() => 0));
  const samples = await Promise.race([feed(open, source, speed, follower), ...failed]);
  follower.handleBlock();
  const continuedFrom = Math.min(...open.map((track) => track.continuedFrom));
  // An end is final, and nothing at all is more likely a source that failed.
  if (samples === 0 && (continuedFrom === 0 || source.seconds === undefined))
    throw new NothingCapturedError(nothingCame(continuedFrom));
}

/**
 * Writes the source to these tracks, waiting wherever an outbox is full: nothing is left out. A track that is ahead of the others
 * since the last run is given only what it lacks. @returns how many samples came.
 */
async function feed(
  tracks: readonly TrackCapture[],
  source: Source,
  speed: number | undefined,
  follower: Follower,
): Promise<number> {
  const startedAt = performance.now();
  const skipSeconds = Math.min(...tracks.map(({ continuedFrom }) => continuedFrom));
  const isFile = source.seconds !== undefined;
  const sinks = tracks.map(({ capture, continuedFrom }) => {
    const aheadSeconds = isFile ? continuedFrom - skipSeconds : 0;
    return { capture, ahead: aheadSeconds * source.format.sampleRate * source.format.channels };
  });
  let samples = 0;
  if (!isFile) follower.awaitBlock();
  for await (const block of source.blocks(skipSeconds)) {
    samples += block.length;
    if (!isFile) follower.handleBlock();
    // One moment for all of them: channels of one source that were as much apart as it took to write them would not go together.
    const endedAt = Date.now();
    for (const sink of sinks) {
      const passed = Math.min(block.length, sink.ahead);
      sink.ahead -= passed;
      const rest = block.subarray(passed);
      while (rest.length > 0 && !(await sink.capture.write(rest, endedAt))) await sink.capture.whenSpace();
    }
    if (!isFile) {
      follower.awaitBlock();
      continue;
    }
    // A file is read faster than any room takes it; the spool need not hold all of it.
    while (sinks.some(({ capture }) => capture.lagSeconds > maxFileLagSeconds)) await sleep(lookMs);
    if (speed === undefined) continue;
    const read = samples / (source.format.sampleRate * source.format.channels);
    await sleep(Math.max(0, startedAt + (read * 1_000) / speed - performance.now()));
  }
  return samples;
}
const maxFileLagSeconds = 256;
const lookMs = 20;
