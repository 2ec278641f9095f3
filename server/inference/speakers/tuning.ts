/**
 * The numbers of a neural model, with their units. They follow what speaker-verification models are used with
 * elsewhere; no experiment chose them, for no model is at hand here. `--speaker-threshold` is the one to try.
 */
import { clustering, type ClusteringRules, cut, framesPerSecond } from "../../shared/diarizer/tuning.ts";
import { limits } from "../../../schemas/limits.ts";

/** Cosine from which a piece joins a cluster. sherpa-onnx's own diarization clusters at the same distance. */
export const defaultThreshold = 0.5;

export const units = {
  /** A model hears little in less, and in more there may be two people. */
  bestFrames: framesPerSecond,
  minFrames: 0.6 * framesPerSecond,
  maxPauseFrames: (cut.maxPauseMs * framesPerSecond) / 1_000,
  /** Networks that pool over time refuse, or guess, below this. */
  minModelSeconds: 0.5,
} as const;

/** Centroids are whole meetings, so alike is more alike; units are short, so alike is less alike. */
const mergeAbove = 0.15;
const cutBelow = 0.15;
/** Of a value in a state's JSON, its comma included. */
const maxValueChars = 8;

export interface NeuralRules {
  readonly clustering: ClusteringRules;
  /** Sides of a cut less alike than this are two voices. */
  readonly maxCosine: number;
}

/** @param values of an embedding: with many, fewer clusters fit into an answer. */
export function rulesFor(threshold: number, values: number): NeuralRules {
  const fitting = Math.floor(limits.maxInferenceAnswerBytes / 2 / (values * maxValueChars));
  return {
    clustering: {
      ...clustering,
      join: threshold,
      merge: Math.min(0.99, threshold + mergeAbove),
      maxOpened: Math.min(clustering.maxOpened, fitting),
    },
    maxCosine: threshold - cutBelow,
  };
}
