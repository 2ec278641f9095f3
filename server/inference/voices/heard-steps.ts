/** A window as steps of a quarter of a second, each with the voice of the speech around it. */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { toUnit } from "../../shared/diarizer/vectors.ts";
import type { Silero } from "../stt/silero.ts";
import { type Projection, project } from "./projection.ts";
import { findSpeech, type Region } from "./speech-regions.ts";
import { steps } from "./tuning.ts";
import { frontFrames, type VoiceFront } from "./voice-front.ts";

export interface Step {
  /** Length 1; zeros where there is too little speech to hear one. */
  readonly voice: Float64Array;
  /** Frames of speech behind it. */
  readonly frames: number;
  /** Whether it is the first step after a pause. */
  readonly isFirst: boolean;
}

/** A step of this window. */
export interface PlacedStep extends Step {
  readonly start: number;
  readonly end: number;
}

export interface Hearing {
  readonly front: VoiceFront;
  readonly silero: Silero;
  readonly projection: Projection;
}

/** @param pcm of about four seconds. */
export async function hearSteps(pcm: Int16Array, { front, silero, projection }: Hearing): Promise<PlacedStep[]> {
  const samples = Float32Array.from(pcm, (value) => value / 32_768);
  const { regions, isSpeech } = await findSpeech(samples, silero);
  if (regions.length === 0) return [];
  const heard = await front.hear(samples);
  const spoken = Array.from({ length: heard.count }, (_, frame) => frame).filter((frame) =>
    isSpeech(frontFrames.firstMiddle + frame * frontFrames.samples),
  );
  return regions.flatMap((region) =>
    stepsOf(region).map((step): PlacedStep => {
      const around = aroundOf(step, region);
      const frames = spoken.filter((frame) => msOf(frame) >= around.start && msOf(frame) < around.end);
      const voice = frames.length < 4 ? undefined : toUnit(project(projection, heard.pool(frames)));
      return {
        ...step,
        voice: voice ?? new Float64Array(projection.directions.length),
        frames: voice ? frames.length : 0,
        isFirst: step.start === region.start,
      };
    }),
  );
}

/** A region in steps of about the same length. */
export function stepsOf({ start, end }: Region): Region[] {
  const count = Math.max(1, Math.round((end - start) / steps.stepMs));
  return Array.from({ length: count }, (_, i) => ({
    start: start + (i * (end - start)) / count,
    end: start + ((i + 1) * (end - start)) / count,
  }));
}

/** As long as it may be, inside the region. */
function aroundOf(step: Region, region: Region): Region {
  const middle = (step.start + step.end) / 2;
  const start = Math.max(region.start, Math.min(middle - steps.lengthMs / 2, region.end - steps.lengthMs));
  return { start, end: Math.min(region.end, start + steps.lengthMs) };
}

/** Of a frame's middle, from the beginning of the window. */
function msOf(frame: number): number {
  return ((frontFrames.firstMiddle + frame * frontFrames.samples) * 1_000) / sampleRateHz;
}
