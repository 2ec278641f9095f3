/**
 * A voice as a direction: how the means of the background model move when they adapt to a stretch of speech
 * (supervector, Campbell et al. 2006), with what varies within one speaker scaled down, seen from the average voice
 * in the same kind of recording. A telephone moves all voices the same way; seen from the average of clean voices
 * they would all look alike.
 */
import { channels, type SpeakerModel, voiceValues } from "./model.ts";
import type { Background, Statistics } from "./statistics.ts";
import { embedding, front } from "./tuning.ts";
import { addScaled, dot, toUnit } from "./vectors.ts";

/** MAP mean offsets in units of √weight/σ: C × D values. */
export function scaledOffsets({ counts, sums }: Statistics, background: Background): Float64Array {
  const { weights, means, variances } = background;
  return sums.map((sum, i) => {
    const c = Math.floor(i / front.cepstra);
    const count = counts[c] ?? 0;
    // count/(count + relevance) · (sum/count − mean), without dividing by a count of zero.
    const offset = (sum - count * (means[i] ?? 0)) / (count + embedding.relevance);
    return (offset * Math.sqrt(weights[c] ?? 0)) / Math.sqrt(variances[i] ?? 1);
  });
}

/** Turns speech into voices, and voices into directions. */
export interface VoiceSpace {
  /** Where the speech lies: C × D values, not yet centred. Averages of them are voices too. */
  readonly voiceOf: (statistics: Statistics) => Float64Array;
  /** @returns length 1; undefined where there is no direction. */
  readonly directionOf: (voice: Float64Array, channel: number) => Float64Array | undefined;
  /** How far a voice is from the average one of each channel, squared, per value. */
  readonly channelDistances: (voice: Float64Array) => number[];
}

export function createVoiceSpace(model: SpeakerModel): VoiceSpace {
  const scales = Float64Array.from(model.within, (deviation) => 1 / Math.max(deviation, 1e-6));
  const centres = Array.from({ length: channels }, (_, channel) =>
    Float64Array.from(scales, (scale, i) => scale * (model.centres[channel * voiceValues + i] ?? 0)),
  );
  return {
    voiceOf: (statistics) => scaledOffsets(statistics, model).map((offset, i) => offset * (scales[i] ?? 0)),
    directionOf: (voice, channel) => toUnit(fromCentre(voice, centres[channel])),
    channelDistances: (voice) =>
      centres.map((centre) => {
        const offset = fromCentre(voice, centre);
        return dot(offset, offset) / voiceValues;
      }),
  };
}

function fromCentre(voice: Float64Array, centre: Float64Array | undefined): Float64Array {
  const offset = voice.slice();
  if (centre) addScaled(offset, centre, -1);
  return offset;
}
