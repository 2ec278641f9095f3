/** What people who talk at once are told by: mixes of two of them, in every condition, of which it is known who speaks when. */
import { seededRandom } from "../../../client/testkit/fault-plan.ts";
import type { Silero } from "../../../server/inference/stt/silero.ts";
import { frontFrames, type VoiceFront } from "../../../server/inference/voices/voice-front.ts";
import { conditions, passThrough } from "../eval/conditions.ts";
import { leastWindowSamples, type Spoken, speechOf, windowSamples } from "./gather-rows.ts";

export interface OverlapRow {
  /** Nobody of one fold is in another. */
  readonly fold: number;
  readonly isTogether: boolean;
  /** Of 0.75 s, pooled. */
  readonly values: Float64Array;
}

type IsSpeech = (sample: number) => boolean;

interface Heard {
  readonly samples: Int16Array;
  readonly isSpeech: IsSpeech;
}

export const folds = 3;
/** So often everybody is mixed, each time with somebody else and mostly in another condition. */
const rounds = 4;
/** Frames: 0.75 s, as three steps are, every quarter of a second. */
const [lengthFrames, everyFrames] = [31, 10];
/** Of a stretch: so much of it both speak, or nowhere both and so much of it one. */
const [leastTogether, leastAlone] = [0.7, 0.58];
const speechLevel = 2_500;
/** How much louder or quieter the second person of a mix is than the first, at most. */
const mostDb = 10;

/** @yields rows of mixes, each of two people of one fold. */
export async function* overlapRowsOf(
  people: Iterable<Spoken>,
  front: VoiceFront,
  silero: Silero,
): AsyncGenerator<OverlapRow> {
  const all: Heard[] = [];
  for (const { samples } of people) all.push({ samples, isSpeech: await speechOf(samples, silero) });
  for (let round = 0; round < rounds; round++) {
    const random = seededRandom(7 + round);
    let mix = 0;
    for (let fold = 0; fold < folds; fold++) {
      const shuffled = all
        .filter((_, i) => i % folds === fold)
        .map((person) => ({ person, place: random() }))
        .toSorted((a, b) => a.place - b.place);
      for (let i = 0; i + 1 < shuffled.length; i += 2, mix++) {
        const [first, second] = shuffled.slice(i, i + 2).map(({ person }) => person);
        if (!first || !second) continue;
        const { samples, voicesAt } = mixOf(first, second, random);
        const condition = conditions[(mix + round) % conditions.length] ?? "clean";
        const heard = Float32Array.from(passThrough(samples, condition, seededRandom(mix + 1)), (v) => v / 32_768);
        for await (const row of stretchesOf(heard, voicesAt, front)) yield { fold, ...row };
      }
    }
  }
}

/** The second begins while the first speaks. */
function mixOf(
  first: Heard,
  second: Heard,
  random: () => number,
): { samples: Int16Array; voicesAt: (sample: number) => number } {
  const lead = Math.round((0.25 + 0.35 * random()) * first.samples.length);
  const levelDb = mostDb * (2 * random() - 1);
  const [a, b] = [scaled(first, 0), scaled(second, levelDb)];
  return {
    samples: Int16Array.from({ length: Math.max(a.length, lead + b.length) }, (_, i) =>
      Math.max(-32_768, Math.min(32_767, Math.round((a[i] ?? 0) + (b[i - lead] ?? 0)))),
    ),
    voicesAt: (sample) => Number(first.isSpeech(sample)) + Number(second.isSpeech(sample - lead)),
  };
}

/** The speech of all people is equally loud, but for the decibels that are given. */
function scaled({ samples, isSpeech }: Heard, db: number): Float64Array {
  let [sum, count] = [1, 1];
  for (const [i, sample] of samples.entries()) {
    if (!isSpeech(i)) continue;
    sum += sample * sample;
    count += 1;
  }
  const factor = (speechLevel / Math.sqrt(sum / count)) * 10 ** (db / 20);
  return Float64Array.from(samples, (sample) => factor * sample);
}

async function* stretchesOf(
  heard: Float32Array,
  voicesAt: (sample: number) => number,
  front: VoiceFront,
): AsyncGenerator<Omit<OverlapRow, "fold">> {
  for (let at = 0; heard.length - at >= leastWindowSamples; at += windowSamples) {
    const frames = await front.hear(heard.slice(at, at + windowSamples));
    for (let from = 0; from + lengthFrames <= frames.count; from += everyFrames) {
      const wanted = Array.from({ length: lengthFrames }, (_, i) => from + i);
      const voices = wanted.map((frame) => voicesAt(at + frontFrames.firstMiddle + frame * frontFrames.samples));
      const share = (count: number): number => voices.filter((of) => of === count).length / lengthFrames;
      if (share(2) >= leastTogether) yield { isTogether: true, values: frames.pool(wanted) };
      else if (share(2) === 0 && share(1) >= leastAlone) yield { isTogether: false, values: frames.pool(wanted) };
    }
  }
}
