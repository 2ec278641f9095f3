/**
 * `roomtone capture`: streams a source until the room keeps all of it. What is not acked yet lies in the spool;
 * run again with the same session, track and spool, it goes on where it stopped.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Capture, startCapture } from "../capture/capture.ts";
import type { CaptureEnd } from "../capture/capture-types.ts";
import type { SeqRange } from "../capture/seq-set.ts";
import { openFileOutbox } from "../node/file-outbox.ts";
import type { CliCaptureOptions } from "./capture-options.ts";
import { createProgress, type Progress } from "./progress.ts";
import { openStdinSource, openWavSource, type Source } from "./source.ts";

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
 * @param signal aborts the capture; what is in the spool stays there.
 * @returns what the room keeps, once it has told.
 */
export async function runCapture(options: CliCaptureOptions, signal: AbortSignal): Promise<CaptureReport> {
  const { sessionId, track, token } = options;
  const source =
    options.source === "-" ? openStdinSource(process.stdin, options.stdinFormat) : await openWavSource(options.source);
  const outbox = await openFileOutbox({ folder: join(options.spool, sessionId, track) });
  const capture = await startCapture({
    baseUrl: options.baseUrl,
    sessionId,
    track,
    format: source.format,
    outbox,
    encoding: options.encoding,
    clientId: "roomtone-cli",
    live: options.source === "-" && options.live,
    ...(token === undefined ? {} : { token: () => token }),
  });
  const progress = createProgress(process.stderr);
  const continuedFrom = capture.nextSeq - 1;
  const counts = follow(capture, source, progress);
  const stop = (): void => void capture.close();
  signal.addEventListener("abort", stop);
  try {
    if (!capture.isSourceOver) await feed(capture, source, continuedFrom);
    const end = await capture.end();
    return {
      ...end,
      session_id: sessionId,
      track,
      seconds: capture.nextSeq - 1,
      reconnects: counts.reconnects,
      continued_from: continuedFrom,
    };
  } finally {
    signal.removeEventListener("abort", stop);
    progress.clear();
    await capture.close();
  }
}

/** Writes the source to the capture, waiting wherever the outbox is full: nothing is left out. */
async function feed(capture: Capture, source: Source, skipSeconds: number): Promise<void> {
  for await (const block of source.blocks(skipSeconds)) {
    while (!(await capture.write(block))) await capture.whenSpace();
    // A file is read faster than any room takes it; the spool need not hold all of it.
    while (source.seconds !== undefined && capture.lagSeconds > maxFileLagSeconds) await sleep(lookMs);
  }
}
const maxFileLagSeconds = 256;
const lookMs = 20;

function follow(capture: Capture, source: Source, progress: Progress): { reconnects: number } {
  const counts = { reconnects: 0 };
  const draw = (): void => {
    const captured = capture.nextSeq - 1;
    const kept = captured - capture.lagSeconds;
    const resumes = counts.reconnects === 0 ? "" : `, ${counts.reconnects} resumed`;
    progress.update(kept, source.seconds ?? captured, `${kept} s kept, ${capture.lagSeconds} s behind${resumes}`);
  };
  capture.on("lag", draw);
  capture.on("connected", ({ reconnects }) => {
    counts.reconnects = reconnects;
    draw();
  });
  capture.on("retrying", ({ reason }) => progress.update(0, 1, `not connected (${reason}); trying again`));
  capture.on("lost", ({ seq, code, detail }) => {
    progress.clear();
    console.error(`second ${seq} can't be kept: ${code}: ${detail}`);
  });
  return counts;
}

/** `1–3, 7`: for people. */
export function describeRanges(ranges: readonly SeqRange[]): string {
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}–${to}`)).join(", ");
}
