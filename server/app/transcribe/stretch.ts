/**
 * A stretch of a track as a model hears it: which seconds, as a WAV, and how much of the answer counts. What may go on after the
 * stretch's end is left to the next one, which begins there, so that no word is cut in two. Pure.
 */
import { bytesPerSample, channelCount, chunkBytes, chunkMs, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { wavHead, wavHeadBytes } from "../../../schemas/speech/wav-head.ts";

export interface KeptSecond {
  readonly seq: number;
  readonly pcm: Uint8Array<ArrayBuffer>;
}

export interface HeardSegment {
  readonly start_ms: number;
  readonly end_ms: number;
  readonly text: string;
}

/** Whisper's window, and no more than the gateway gives out at a time. */
const chunksPerStretch = 30;
const stretchMs = chunksPerStretch * chunkMs;
/** Speech that ends so near to the end of a stretch may go on. */
const openMs = 400;
/** A word begins before it is loud enough to be told from silence. */
const onsetMs = 200;

export interface Stretch {
  /** First second, from 1. */
  readonly fromSeq: number;
  /** Where the audio that is handed over begins and ends, on the track's timeline. */
  readonly fromMs: number;
  readonly toMs: number;
}

/** @param atMs up to where all is transcribed; below `endMs`. */
export function stretchFrom(atMs: number, endMs: number): Stretch {
  const first = Math.floor(atMs / chunkMs);
  return { fromSeq: first + 1, fromMs: first * chunkMs, toMs: Math.min(endMs, first * chunkMs + stretchMs) };
}

/** The stretch as a WAV, silent where nothing was kept and up to where it was transcribed before; undefined where nothing is left. */
export function wavOf(
  { fromSeq, fromMs, toMs }: Stretch,
  atMs: number,
  seconds: readonly KeptSecond[],
): Uint8Array<ArrayBuffer> | undefined {
  const chunks = (toMs - fromMs) / chunkMs;
  const inside = seconds.filter(({ seq }) => seq >= fromSeq && seq < fromSeq + chunks);
  if (inside.length === 0) return undefined;
  const wav = new Uint8Array(wavHeadBytes + chunks * chunkBytes);
  wav.set(wavHead(chunks * chunkBytes, { rateHz: sampleRateHz, channels: channelCount }));
  for (const { seq, pcm } of inside) wav.set(pcm, wavHeadBytes + (seq - fromSeq) * chunkBytes);
  const said = Math.floor(((atMs - fromMs) / chunkMs) * sampleRateHz) * bytesPerSample;
  wav.fill(0, wavHeadBytes, wavHeadBytes + said);
  return wav;
}

export interface Taken {
  readonly segments: HeardSegment[];
  /** Up to where all is transcribed now. */
  readonly toMs: number;
}

/** @param heard by time, from the WAV's beginning. @param endMs of all that is to be transcribed. */
export function takeFrom(
  { fromMs, toMs }: Stretch,
  atMs: number,
  endMs: number,
  heard: readonly HeardSegment[],
): Taken {
  const placed = heard
    .map(({ start_ms, end_ms, text }) => ({
      start_ms: within(Math.round(start_ms) + fromMs, atMs, toMs),
      end_ms: within(Math.round(end_ms) + fromMs, atMs, toMs),
      text: text.trim(),
    }))
    .filter(({ start_ms, text }) => text !== "" && start_ms < toMs);
  const last = placed.at(-1);
  const mayGoOn = last !== undefined && toMs < endMs && last.end_ms > toMs - openMs;
  // One that fills the stretch is taken as it is: the next could hold no more of it.
  if (!mayGoOn || last.start_ms - atMs < chunkMs) return { segments: placed, toMs };
  const segments = placed.slice(0, -1);
  return { segments, toMs: Math.max(segments.at(-1)?.end_ms ?? atMs, last.start_ms - onsetMs) };
}

function within(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}
