/**
 * A voice as it is heard twice. The network knows people, also through a telephone; the classical voice knows what is steady, such as
 * synthetic voices, in the kinds of recording that it was trained on. Both behind each other, where the recording is of such a kind; else
 * the network's alone. Pure.
 */
import { createVoiceSpace } from "../../shared/diarizer/embedding.ts";
import { channels } from "../../shared/diarizer/model.ts";
import { trainedModel } from "../../shared/diarizer/trained-model.ts";
import { toUnit, type Vector } from "../../shared/diarizer/vectors.ts";
import { comparing } from "./tuning.ts";

export interface Voice {
  /** Of any length; zeros where there is too little speech. */
  readonly neural: Vector;
  /** As `VoiceSpace.voiceOf` gives it: not centred. */
  readonly classical: Vector;
}

/** How far the speech of a recording is from each kind that the classical voice was trained on: sums over so many steps. */
export interface Recording {
  readonly distances: readonly number[];
  readonly steps: number;
}

/** @returns length 1, or zeros where nothing was heard. */
export type DirectionOf = (voice: Voice) => Float64Array;

const space = createVoiceSpace(trainedModel);

export const nothingHeard: Recording = { distances: Array.from({ length: channels }, () => 0), steps: 0 };

export function withSpeech({ distances, steps }: Recording, voices: readonly Voice[]): Recording {
  const sums = [...distances];
  for (const { classical } of voices) {
    space.channelDistances(Float64Array.from(classical)).forEach((distance, channel) => {
      sums[channel] = (sums[channel] ?? 0) + distance;
    });
  }
  return { distances: sums, steps: steps + voices.length };
}

/** Where voices of a recording are compared. */
export function directionsIn({ distances, steps }: Recording): DirectionOf {
  const nearest = Math.min(...distances);
  const channel = distances.indexOf(nearest);
  const isKnown = nearest <= comparing.knownWithin * steps;
  const { classicalShare: share } = comparing;
  return ({ neural, classical }) => {
    const a = toUnit(Float64Array.from(neural)) ?? new Float64Array(neural.length);
    if (!isKnown) return a;
    const b = space.directionOf(Float64Array.from(classical), channel) ?? new Float64Array(classical.length);
    const both = new Float64Array(a.length + b.length);
    both.set(a.map((value) => value * Math.sqrt(1 - share)));
    both.set(
      b.map((value) => value * Math.sqrt(share)),
      a.length,
    );
    return toUnit(both) ?? both;
  };
}
