/**
 * `roomtone capture`: streams a source until the room keeps all of it. What is not acked yet lies in the spool;
 * run again with the same session, track and spool, it goes on where it stopped.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import {
  type Capture,
  type CaptureEnd,
  CaptureFailedError,
  type CaptureOptions,
  openFileOutbox,
  type Outbox,
  OutboxMismatchError,
  type SeqRange,
  startCapture,
} from "@roomtone/client/node";
import type { CliCaptureOptions, CliInput } from "./capture-options.ts";
import { tokenProvider } from "./credential.ts";
import { Follower } from "./follower.ts";
import { UsageError } from "./usage-error.ts";
import { openDeviceSource, openStdinSource, openWavSource, type Source } from "./source.ts";

export interface CaptureReport extends CaptureEnd {
  readonly session_id: string;
  readonly track: string;
  readonly seconds: number;
  /** Times the connection was lost and made again. */
  readonly reconnects: number;
  /** Seconds that an earlier run had captured. */
  readonly continued_from: number;
}

/**
 * @param signal ends a recording, and the room is still given all of it; aborts the capture of anything else, and what
 *   is in the spool stays there.
 * @returns what the room keeps, once it has told.
 */
export async function runCapture(options: CliCaptureOptions, signal: AbortSignal): Promise<CaptureReport> {
  const { sessionId, track, credential } = options;
  const source = await untilAborted(openSource(options.input), signal);
  const outbox = await openFileOutbox({ folder: join(options.spool, sessionId, track) });
  const capture = await startWith(outbox, {
    baseUrl: options.baseUrl,
    sessionId,
    track,
    format: source.format,
    encoding: options.encoding,
    clientId: "roomtone-cli",
    // Node's own says nothing of why a connection could not be made.
    WebSocket,
    live: options.live,
    source: source.identity,
    mayChange: { gateway: options.newGateway, source: options.newSource },
    ...(credential && { token: tokenProvider(credential) }),
  });
  const continuedFrom = capture.sourceSeconds;
  const hadEnded = capture.isSourceOver;
  const follower = new Follower(capture, source, options.baseUrl);
  const stop = (): void => {
    if (!source.stop) return void capture.close();
    source.stop();
    follower.say("Ending: waiting until the room keeps all of it. Ctrl-C again leaves the rest in the spool.");
  };
  signal.addEventListener("abort", stop);
  try {
    const pace = { skipSeconds: continuedFrom, speed: options.speed };
    // A capture that fails must not wait for a source that gives nothing.
    const samples = hadEnded ? 0 : await Promise.race([feed(capture, source, pace), capture.outcome().then(() => 0)]);
    const isAnew = continuedFrom === 0 || source.seconds === undefined;
    // An end is final, and nothing at all is more likely a source that failed.
    if (!hadEnded && samples === 0 && isAnew) throw new NothingCapturedError(nothingCame(continuedFrom));
    const end = await capture.end();
    if (hadEnded && source.seconds === undefined) throw new NothingCapturedError(trackHadEnded);
    return {
      ...end,
      session_id: sessionId,
      track,
      seconds: capture.sourceSeconds,
      reconnects: follower.reconnects,
      continued_from: continuedFrom,
    };
  } finally {
    signal.removeEventListener("abort", stop);
    source.stop?.();
    follower.stop();
    await capture.close();
  }
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

/** @throws UsageError where the spool holds what came from elsewhere, with the option that lets it go on. */
async function startWith(outbox: Outbox, options: CaptureOptions): Promise<Capture> {
  try {
    return await startCapture({ ...options, outbox });
  } catch (cause) {
    await outbox.close();
    if (!(cause instanceof OutboxMismatchError)) throw cause;
    const hint = {
      owner: "Give another --spool.",
      gateway:
        "Send the rest where it was going, or give --new-gateway to send it here, or another --session or --spool.",
      source:
        "Give the file that was begun, or --new-source to add this one behind it, or another --session or --track.",
    }[cause.differs];
    throw new UsageError(`The spool of session ${options.sessionId}: ${cause.message}. ${hint}`);
  }
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

interface Pace {
  /** Of the source, that an earlier run has. */
  readonly skipSeconds: number;
  readonly speed: number | undefined;
}

/** Writes the source to the capture, waiting wherever the outbox is full: nothing is left out. @returns how many samples came. */
async function feed(capture: Capture, source: Source, { skipSeconds, speed }: Pace): Promise<number> {
  const startedAt = performance.now();
  let samples = 0;
  for await (const block of source.blocks(skipSeconds)) {
    samples += block.length;
    while (!(await capture.write(block))) await capture.whenSpace();
    if (source.seconds === undefined) continue;
    // A file is read faster than any room takes it; the spool need not hold all of it.
    while (capture.lagSeconds > maxFileLagSeconds) await sleep(lookMs);
    if (speed === undefined) continue;
    const dueMs = ((capture.sourceSeconds - skipSeconds) * 1_000) / speed;
    await sleep(Math.max(0, startedAt + dueMs - performance.now()));
  }
  return samples;
}
const maxFileLagSeconds = 256;
const lookMs = 20;

/** `1–3, 7`: for people. */
export function describeRanges(ranges: readonly SeqRange[]): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}
