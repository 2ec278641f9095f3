/**
 * A window into pieces of one voice each: units of a second are embedded, and cut apart where both sides differ most, as
 * the embedded resolver does. Then each piece is embedded as a whole, for a model hears better what is longer: about
 * twice the window's speech goes through the model.
 */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { joinPauses, type Piece, snapToPause } from "../../shared/diarizer/cut.ts";
import type { Run, Speech } from "../../shared/diarizer/speech.ts";
import { framesPerSecond, front } from "../../shared/diarizer/tuning.ts";
import { addScaled, dot, toUnit } from "../../shared/diarizer/vectors.ts";
import type { Embedder } from "./embedder.ts";
import { units } from "./tuning.ts";

/** Speech that is taken for one voice from the start. */
interface Unit {
  readonly runs: readonly Run[];
  readonly voice: Float64Array;
}

/**
 * @param samples of the window that `speech` was found in.
 * @param maxCosine neighbours less alike than this are cut apart.
 */
export function cutByVoice(
  samples: Int16Array,
  { loud, runs }: Speech,
  { embed }: Embedder,
  maxCosine: number,
): Piece[] {
  const voiceOf = (of: readonly Run[]): Float64Array => scaledToUnit(embed(samplesOf(of, samples)));
  const parts = gather(runs.flatMap((run) => divide(run, loud)));
  const heard = parts.map((unit) => ({ runs: unit, voice: voiceOf(unit) }));
  return cutApart(heard, maxCosine).map((piece) => {
    const all = piece.flatMap((unit) => unit.runs);
    return {
      voice: piece.length === 1 && piece[0] ? piece[0].voice : voiceOf(all),
      seconds: framesOf(all) / framesPerSecond,
      runs: joinPauses(all),
    };
  });
}

/** A long run in equal parts, cut in its pauses where there are some near. */
function divide({ start, end }: Run, loud: Uint8Array): Run[] {
  const count = Math.max(1, Math.round((end - start) / units.bestFrames));
  const edges = Array.from({ length: count + 1 }, (_, i) => {
    const edge = Math.round(start + (i * (end - start)) / count);
    return i === 0 || i === count ? edge : snapToPause(edge, loud);
  });
  return edges.slice(1).flatMap((to, i) => {
    const from = edges[i] ?? start;
    return from < to ? [{ start: from, end: to }] : [];
  });
}

/** What is too short to be heard well goes with its neighbour, unless a long pause is between them. */
function gather(parts: readonly Run[]): Run[][] {
  const gathered: Run[][] = [];
  for (const part of parts) {
    const last = gathered.at(-1);
    const isShort = last && (framesOf(last) < units.minFrames || framesOf([part]) < units.minFrames);
    if (isShort && part.start - (last.at(-1)?.end ?? 0) <= units.maxPauseFrames) last.push(part);
    else gathered.push([part]);
  }
  return gathered;
}

/** Cut where the sides are least alike, if they are not alike enough; then the same within the sides. */
function cutApart(heard: readonly Unit[], maxCosine: number): (readonly Unit[])[] {
  const cosines = heard
    .slice(1)
    .map((_, i) => dot(directionOf(heard.slice(0, i + 1)), directionOf(heard.slice(i + 1))));
  const lowest = Math.min(...cosines);
  if (!(lowest < maxCosine)) return heard.length === 0 ? [] : [heard];
  const at = cosines.indexOf(lowest) + 1;
  return [...cutApart(heard.slice(0, at), maxCosine), ...cutApart(heard.slice(at), maxCosine)];
}

function directionOf(heard: readonly Unit[]): Float64Array {
  const sum = new Float64Array(heard[0]?.voice.length ?? 0);
  for (const { voice, runs } of heard) addScaled(sum, voice, framesOf(runs));
  return toUnit(sum) ?? sum;
}

/** To a length of √n, so that values are around 1 and survive the rounding of centroids. */
function scaledToUnit(vector: Float32Array | Float64Array): Float64Array {
  const unit = toUnit(Float64Array.from(vector));
  if (!unit) throw new Error("the model gave an embedding of length zero");
  return unit.map((value) => value * Math.sqrt(unit.length));
}

/** The speech alone; repeated where it is too short for a network to take. */
function samplesOf(runs: readonly Run[], samples: Int16Array): Int16Array {
  const tail = front.frameSamples - front.hopSamples;
  const parts = runs.map(({ start, end }) => samples.subarray(start * front.hopSamples, end * front.hopSamples + tail));
  const once = new Int16Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    once.set(part, at);
    at += part.length;
  }
  const least = units.minModelSeconds * sampleRateHz;
  return once.length >= least ? once : Int16Array.from({ length: least }, (_, i) => once[i % once.length] ?? 0);
}

function framesOf(runs: readonly Run[]): number {
  return runs.reduce((sum, { start, end }) => sum + end - start, 0);
}
