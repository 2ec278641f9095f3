/**
 * The thread that hears: decodes a body, cuts it at pauses, and gives a piece's words at each `next`. Bodies take turns, for
 * each caller asks for its next piece when it has the last one.
 */
import { workerData } from "node:worker_threads";
import { ok, type Result } from "../../../schemas/lib/result.ts";
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import type { AudioFault } from "../audio/audio-fault.ts";
import { decodeAudio } from "../audio/decode-audio.ts";
import { serveThread } from "../threads/serve-thread.ts";
import { loadMoonshine } from "./moonshine.ts";
import { type Piece, PieceCutter } from "./piece-cutter.ts";
import { isPlausible } from "./plausible.ts";
import { loadSilero } from "./silero.ts";
import { vad } from "./tuning.ts";

export interface OpenCall {
  readonly job: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly type: string;
  /** One number: not 0 once nobody waits any more. */
  readonly stop: Int32Array<SharedArrayBuffer>;
}

export interface Opened {
  readonly durationMs: number;
}

/** What was said from one pause to the next. */
export interface Segment {
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  /** Mean log-probability of its tokens, and how surely it is speech at all, 0 to 1. */
  readonly logProb: number;
  readonly speechProbability: number;
}

interface Job {
  readonly samples: Float32Array;
  readonly probabilityOf: (window: Float32Array) => Promise<number>;
  readonly cutter: PieceCutter;
  readonly isUnwanted: () => boolean;
  at: number;
  isOver: boolean;
}

const { maxSeconds } = workerData as { maxSeconds: number };
const jobs = new Map<number, Job>();
const models = once(async () => ({ silero: await loadSilero(), moonshine: await loadMoonshine() }));

serveThread({
  open: (call) => open(call as OpenCall),
  next: (job) => next(job as number),
  close: (job) => void jobs.delete(job as number),
});

async function open({ job, bytes, type, stop }: OpenCall): Promise<Result<Opened, AudioFault>> {
  const decoded = await decodeAudio(bytes, type, maxSeconds);
  if (!decoded.ok) return decoded;
  const { silero } = await models();
  const samples = decoded.value;
  const isUnwanted = (): boolean => Atomics.load(stop, 0) !== 0;
  jobs.set(job, {
    samples,
    probabilityOf: silero.listen(),
    cutter: new PieceCutter(),
    isUnwanted,
    at: 0,
    isOver: false,
  });
  return ok({ durationMs: Math.round((samples.length * 1_000) / sampleRateHz) });
}

/** @returns null at the end. */
async function next(id: number): Promise<Segment | null> {
  const job = jobs.get(id);
  if (!job) throw new Error("the thread began anew and knows this body no more");
  const { moonshine } = await models();
  for (;;) {
    const piece = await nextPiece(job);
    if (!piece) return null;
    const samples = job.samples.slice(piece.start * vad.windowSamples, piece.end * vad.windowSamples);
    const heard = await moonshine.hear(samples, job.isUnwanted);
    if (!isPlausible(heard, piece.probability)) continue;
    return {
      startMs: msOf(piece.speechStart),
      endMs: Math.min(msOf(piece.speechEnd), Math.round((job.samples.length * 1_000) / sampleRateHz)),
      text: heard.text,
      logProb: heard.logProb,
      speechProbability: piece.probability,
    };
  }
}

async function nextPiece(job: Job): Promise<Piece | undefined> {
  while (!job.isOver && !job.isUnwanted()) {
    const from = job.at * vad.windowSamples;
    if (from >= job.samples.length) {
      job.isOver = true;
      return job.cutter.end();
    }
    const window = job.samples.subarray(from, from + vad.windowSamples);
    job.at += 1;
    const piece = job.cutter.push(await job.probabilityOf(padded(window)));
    if (piece) return piece;
  }
  return undefined;
}

function padded(window: Float32Array): Float32Array {
  if (window.length === vad.windowSamples) return window;
  const whole = new Float32Array(vad.windowSamples);
  whole.set(window);
  return whole;
}

function msOf(window: number): number {
  return Math.round((window * vad.windowSamples * 1_000) / sampleRateHz);
}

/** A failed load is tried again by the next call. */
function once<T>(load: () => Promise<T>): () => Promise<T> {
  let loaded: Promise<T> | undefined;
  return () => {
    loaded ??= load().catch((cause: unknown) => {
      loaded = undefined;
      throw cause;
    });
    return loaded;
  };
}
