/**
 * The speaker model: a universal background model (Reynolds, Quatieri & Dunn 2000) of 32 diagonal Gaussians over
 * cepstra, and where the mean offsets of speech lie and how far one speaker's stray. Data, not weights of a network.
 */
import { decodeBase64 } from "../../../schemas/wire/base64.ts";
import { front } from "./tuning.ts";

export const components = 32;
export const voiceValues = components * front.cepstra;
/** Kinds of recording that the model was trained on, each with a centre of its own. */
export const channels = 4;

/** Shapes: C components, C × D with D = front.cepstra, row by row. */
export interface SpeakerModel {
  /** C; sum to 1. */
  readonly weights: Float32Array;
  /** C × D. */
  readonly means: Float32Array;
  /** C × D. */
  readonly variances: Float32Array;
  /** channels × C × D: the average of all voices' scaled offsets, in each kind of recording. */
  readonly centres: Float32Array;
  /** C × D: standard deviation of one speaker's scaled offsets around their own average. */
  readonly within: Float32Array;
}

/** In file order: 32-bit little-endian floats, one field behind the other. */
const fields = [
  ["weights", components],
  ["means", voiceValues],
  ["variances", voiceValues],
  ["centres", channels * voiceValues],
  ["within", voiceValues],
] as const;

/** For `scripts/speakers/train`; `decodeModel` is its inverse. */
export function encodeModel(model: SpeakerModel): Uint8Array {
  const values = fields.flatMap(([name]) => [...model[name]]);
  const bytes = new DataView(new ArrayBuffer(values.length * 4));
  values.forEach((value, i) => {
    bytes.setFloat32(i * 4, value, true);
  });
  return new Uint8Array(bytes.buffer);
}

/** @throws Error if the file is not what `encodeModel` writes: a fault of the build, not of a request. */
export function decodeModel(base64: string): SpeakerModel {
  const bytes = decodeBase64(base64);
  const expected = 4 * fields.reduce((sum, [, length]) => sum + length, 0);
  if (!bytes.ok || bytes.value.byteLength !== expected)
    throw new Error("server/shared/diarizer/model-data.ts is damaged");
  const view = new DataView(bytes.value.buffer, bytes.value.byteOffset);
  let at = 0;
  const next = (length: number): Float32Array =>
    Float32Array.from({ length }, () => {
      at += 4;
      return view.getFloat32(at - 4, true);
    });
  const [weights, means, variances, centres, within] = fields.map(([, length]) => next(length));
  if (!weights || !means || !variances || !centres || !within) throw new Error("a model has five fields");
  return { weights, means, variances, centres, within };
}
