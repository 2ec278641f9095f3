/** What a WAV of a track holds at this moment, and how to tell it from what it holds later. Reads the track's rows only. */
import { chunkSamples, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { defaultTrack } from "../../../../schemas/names.ts";
import { wavKey } from "../../archive/keys.ts";
import type { SessionName } from "../../core/session-name.ts";
import type { Tracks } from "../../tracks/tracks.ts";
import { expectedSeq, paddingSamples, type TrackRow } from "../../tracks/track-plan.ts";
import { fitsWav, seqsOf, type WavSpan } from "./wav.ts";
import type { WavStore } from "./wav-store.ts";

export interface WavPlan {
  readonly session: SessionName;
  readonly track: string;
  readonly span: WavSpan;
  /**
   * Names these bytes among all that this span ever has: kept seconds never change and never go, so their number tells
   * which ones they are. The time at which the track was opened tells it from a session of the same name in another life.
   */
  readonly version: string;
  /** Where the whole track lies in R2 as one file; null while it doesn't. */
  readonly wholeKey: string | null;
  /** Seconds that are silence, as pairs of first and last seq, in order. */
  readonly gaps: Uint32Array<ArrayBuffer>;
}

/** A track's samples, without the ones that only fill up its last second. */
export function wholeTrack(trackRow: TrackRow): WavSpan {
  return { fromSample: 0, toSample: Math.max(0, expectedSeq(trackRow) * chunkSamples - paddingSamples(trackRow)) };
}

/**
 * @param track without it `mixed`, else the first one by name.
 * @param toMs cut to what the track has; infinite for all of it.
 * @returns undefined where there is no such track.
 */
export function planWav(
  deps: { readonly session: SessionName; readonly tracks: Tracks; readonly store: WavStore },
  track: string | undefined,
  fromMs: number,
  toMs: number,
): WavPlan | undefined {
  const { session, tracks, store } = deps;
  const trackRow = track === undefined ? (tracks.row(defaultTrack) ?? tracks.rows()[0]) : tracks.row(track);
  if (!trackRow) return undefined;
  const span = cut(wholeTrack(trackRow), fromMs, toMs);
  const { from_seq, to_seq } = seqsOf(span);
  const gaps = fitsWav(span) ? tracks.gapsWithin(trackRow.track, from_seq, to_seq) : [];
  const silent = gaps.reduce((sum, gap) => sum + gap.to_seq - gap.from_seq + 1, 0);
  const isWhole = store.progress(trackRow.track).status === "stored";
  return {
    session,
    track: trackRow.track,
    span,
    version: [trackRow.opened_at, span.fromSample, span.toSample, silent].map((n) => n.toString(36)).join("-"),
    wholeKey: isWhole ? wavKey(session, trackRow.track) : null,
    gaps: Uint32Array.from(gaps.flatMap((gap) => [gap.from_seq, gap.to_seq])),
  };
}

function cut({ toSample: end }: WavSpan, fromMs: number, toMs: number): WavSpan {
  const sampleAt = (ms: number): number => Math.min(end, (ms * sampleRateHz) / 1_000);
  return { fromSample: sampleAt(fromMs), toSample: sampleAt(toMs) };
}

/** Whether a second lies in the gaps of a plan. Asked in rising order. */
export function createGapTest(gaps: Uint32Array): (seq: number) => boolean {
  let at = 0;
  return (seq) => {
    while (at < gaps.length && (gaps[at + 1] ?? 0) < seq) at += 2;
    return at < gaps.length && (gaps[at] ?? 0) <= seq;
  };
}
