/** Between samples, frames and milliseconds: audio into windows, runs of frames into spans of time. */
import { chunkMs, sampleRateHz } from "../../../schemas/wire/audio.ts";
import type { Run } from "./speech.ts";
import { cut, framesPerSecond, front } from "./tuning.ts";

export interface Span {
  readonly start_ms: number;
  readonly end_ms: number;
}

/** Long audio in equal pieces near the best window length, each but the last of whole milliseconds. */
export function splitIntoWindows(length: number): Run[] {
  const best = (cut.windowMs / chunkMs) * sampleRateHz;
  const count = Math.max(1, Math.round(length / best));
  const samplesPerMs = sampleRateHz / chunkMs;
  const edge = (i: number): number =>
    i === count ? length : Math.round((i * length) / count / samplesPerMs) * samplesPerMs;
  return Array.from({ length: count }, (_, i) => ({ start: edge(i), end: edge(i + 1) }));
}

/**
 * A frame is 25 ms long; speech is taken to begin and end in its middle, but for the window's own ends.
 *
 * @param runs frames of the window.
 * @param window samples of the audio.
 */
export function spansOf(runs: readonly Run[], window: Run): Span[] {
  const offsetMs = msOf(window.start);
  const samples = window.end - window.start;
  const hopMs = chunkMs / framesPerSecond;
  const marginMs = ((front.frameSamples - front.hopSamples) / 2 / sampleRateHz) * chunkMs;
  const frames = Math.floor((samples - front.frameSamples) / front.hopSamples) + 1;
  return runs.map(({ start, end }) => ({
    start_ms: offsetMs + (start === 0 ? 0 : Math.round(start * hopMs + marginMs)),
    end_ms: offsetMs + (end >= frames ? msOf(samples) : Math.round(end * hopMs + marginMs)),
  }));
}

function msOf(samples: number): number {
  return Math.round((samples * chunkMs) / sampleRateHz);
}
