/**
 * Hears a meeting, or a window of one, as it is handed over, in pieces of any length: each quarter of a second of speech with both voices
 * that it has around it, the network's and the classical one. Audio is held for a minute; what is kept of a step is 3 kB.
 */
import { sampleRateHz } from "../../../schemas/wire/audio.ts";
import { createVoiceSpace } from "../../shared/diarizer/embedding.ts";
import { extractFeatures } from "../../shared/diarizer/features.ts";
import { createAccumulator, emptyStatistics, type Statistics } from "../../shared/diarizer/statistics.ts";
import { trainedModel } from "../../shared/diarizer/trained-model.ts";
import { framesPerSecond, front as classical } from "../../shared/diarizer/tuning.ts";
import { addScaled } from "../../shared/diarizer/vectors.ts";
import { vad } from "../stt/tuning.ts";
import type { Silero } from "../stt/silero.ts";
import { notTogether, togetherOf } from "./overlap.ts";
import { type Projection, project } from "./projection.ts";
import { type Hearable, type Region, regionsOf } from "./speech-regions.ts";
import { reviewing, speaking, steps as lengths } from "./tuning.ts";
import { frontFrames, pooledOf, pooledValues, type VoiceFront } from "./voice-front.ts";

export interface Hearing {
  readonly front: VoiceFront;
  readonly silero: Silero;
  readonly projection: Projection;
}

export interface MeetingStep {
  readonly startMs: number;
  readonly endMs: number;
  /** Frames of speech behind its voices. */
  readonly frames: number;
  /** Whether it is the first step after a pause. */
  readonly isFirst: boolean;
  /** Not scaled; zeros where there is too little speech. */
  readonly neural: Float32Array;
  /** As `VoiceSpace.voiceOf` gives it: not centred. */
  readonly classical: Float32Array;
  /** How much it sounds like two at once; only `atOnceIn` its recording says from where on it is. */
  readonly together: number;
}

/** What is heard in one step alone. */
interface Part extends Region {
  readonly isFirst: boolean;
  readonly region: number;
  frames: number;
  readonly sums: Float64Array;
  readonly statistics: Statistics;
}

const accumulate = createAccumulator(trainedModel);
const space = createVoiceSpace(trainedModel);
/** Steps on both sides of one, with it, that its voices are heard in. */
const around = lengths.lengthMs / lengths.stepMs;
const beside = lengths.togetherMs / lengths.stepMs;
const samplesPerMs = sampleRateHz / 1_000;

/** A window of a meeting that goes on. @param pcm of about four seconds. */
export async function hearWindow(pcm: Int16Array, hearing: Hearing): Promise<readonly MeetingStep[]> {
  const ear = new MeetingEar(hearing, speaking);
  await ear.prime(pcm);
  await ear.add(pcm);
  return ear.end();
}

const windowsOf = (ms: number): number => Math.floor((ms * samplesPerMs) / vad.windowSamples);

export class MeetingEar {
  readonly #hearing: Hearing;
  readonly #hearable: Hearable;
  readonly #probabilityOf: (window: Float32Array) => Promise<number>;
  readonly #steps: MeetingStep[] = [];
  #held = new Int16Array();
  /** Of the windows that are complete in what is held. */
  #probabilities: number[] = [];
  #heldFromMs = 0;

  /** @param hearable of a whole meeting, unless it is said. */
  constructor(hearing: Hearing, hearable: Hearable = reviewing) {
    this.#hearing = hearing;
    this.#hearable = hearable;
    this.#probabilityOf = hearing.silero.listen();
  }

  /** For what begins in the middle: Silero begins without a memory, and hears the first moments twice for that. */
  async prime(samples: Int16Array): Promise<void> {
    for (let i = 0; i < speaking.primeWindows; i++) {
      const window = new Float32Array(vad.windowSamples);
      window.set(floatsOf(samples.subarray(i * vad.windowSamples, (i + 1) * vad.windowSamples)));
      await this.#probabilityOf(window);
    }
  }

  /** @param samples 16 kHz, what follows on what came before. */
  async add(samples: Int16Array): Promise<void> {
    const all = new Int16Array(this.#held.length + samples.length);
    all.set(this.#held);
    all.set(samples, this.#held.length);
    this.#held = all;
    await this.#listen();
    while (this.#probabilities.length * vad.windowSamples >= reviewing.blockMs * samplesPerMs)
      await this.#hear(this.#quietestCut());
  }

  /** @returns the steps of the meeting, in order. Nothing can be added after. */
  async end(): Promise<readonly MeetingStep[]> {
    const endMs = Math.floor(this.#heldFromMs + this.#held.length / samplesPerMs);
    const padded = new Int16Array(Math.ceil(this.#held.length / vad.windowSamples) * vad.windowSamples);
    padded.set(this.#held);
    this.#held = padded;
    await this.#listen();
    await this.#hear(this.#probabilities.length);
    // Speech that goes on to the end goes on into the silence behind it.
    return this.#steps.flatMap((step) =>
      step.startMs < endMs ? [{ ...step, endMs: Math.min(step.endMs, endMs) }] : [],
    );
  }

  async #listen(): Promise<void> {
    for (let i = this.#probabilities.length; (i + 1) * vad.windowSamples <= this.#held.length; i++) {
      const window = this.#held.subarray(i * vad.windowSamples, (i + 1) * vad.windowSamples);
      this.#probabilities.push(await this.#probabilityOf(floatsOf(window)));
    }
  }

  /** Windows before the quietest moment near the end of a block, so that hardly a word is cut. */
  #quietestCut(): number {
    const all = this.#probabilities;
    const last = windowsOf(reviewing.blockMs) - 1;
    let [best, least] = [last, Infinity];
    for (let i = last; i >= windowsOf(reviewing.blockMs - reviewing.cutWithinMs); i--) {
      const near = (all[i - 1] ?? 0) + (all[i] ?? 0) + (all[i + 1] ?? 0);
      if (near < least) [best, least] = [i, near];
    }
    return best;
  }

  /** @param windows from the front of what is held. */
  async #hear(windows: number): Promise<void> {
    const pcm = this.#held.slice(0, windows * vad.windowSamples);
    const probabilities = this.#probabilities.slice(0, windows);
    const offsetMs = this.#heldFromMs;
    this.#held = this.#held.slice(pcm.length);
    this.#probabilities = this.#probabilities.slice(windows);
    this.#heldFromMs += pcm.length / samplesPerMs;
    const parts = regionsOf(probabilities, pcm.length / samplesPerMs, this.#hearable).flatMap((region, r) =>
      stepsOf(region).map(({ start, end }, i): Part => ({
        start,
        end,
        isFirst: i === 0,
        region: r,
        frames: 0,
        sums: new Float64Array(pooledValues),
        statistics: emptyStatistics(),
      })),
    );
    if (parts.length === 0) return;
    const isSpeech = (sample: number): boolean =>
      (probabilities[Math.floor(sample / vad.windowSamples)] ?? 0) > this.#hearable.ends;
    await this.#hearFront(pcm, parts, isSpeech);
    hearClassical(pcm, parts, isSpeech);
    for (const i of parts.keys()) this.#steps.push(this.#stepOf(parts, i, offsetMs));
  }

  /** The network hears a few seconds at a time, with some before and after them that belong to others. */
  async #hearFront(pcm: Int16Array, parts: readonly Part[], isSpeech: (sample: number) => boolean): Promise<void> {
    const { samples: step, firstMiddle } = frontFrames;
    const { ownFrames, contextFrames } = reviewing;
    const total = Math.floor((pcm.length - 2 * firstMiddle - 1) / step) + 1;
    const partAt = finder(parts);
    for (let own = 0; own < total; own += ownFrames) {
      const to = Math.min(total, own + ownFrames);
      const wanted = Array.from({ length: to - own }, (_, i) => own + i).flatMap((frame) => {
        const middle = firstMiddle + frame * step;
        const part = isSpeech(middle) ? partAt(middle / samplesPerMs) : undefined;
        return part ? [{ frame, part }] : [];
      });
      if (wanted.length === 0) continue;
      const from = Math.max(0, own - contextFrames);
      const end = Math.min(total, to + contextFrames);
      const audio = pcm.subarray(from * step, (end - 1) * step + 2 * firstMiddle + 1);
      const heard = await this.#hearing.front.hear(floatsOf(audio));
      for (const { frame, part } of wanted) {
        if (frame - from >= heard.count) continue;
        heard.addTo(part.sums, frame - from);
        part.frames += 1;
      }
    }
  }

  #stepOf(parts: readonly Part[], i: number, offsetMs: number): MeetingStep {
    const { start, end, isFirst, region } = parts[i] ?? { start: 0, end: 0, isFirst: true, region: 0 };
    const near = nearestOf(parts, i, region, around);
    const { frames, sums } = sumsOf(near);
    const close = sumsOf(nearestOf(parts, i, region, beside));
    const statistics = emptyStatistics();
    for (const part of near) {
      statistics.frames += part.statistics.frames;
      addScaled(statistics.counts, part.statistics.counts, 1);
      addScaled(statistics.sums, part.statistics.sums, 1);
    }
    const { projection } = this.#hearing;
    const isHeard = frames >= reviewing.leastFrames;
    return {
      startMs: Math.round(offsetMs + start),
      endMs: Math.round(offsetMs + end),
      frames: isHeard ? frames : 0,
      isFirst,
      neural: Float32Array.from(
        isHeard ? project(projection, pooledOf(sums, frames)) : projection.directions.map(() => 0),
      ),
      classical: Float32Array.from(space.voiceOf(statistics)),
      together: close.frames >= lengths.togetherFrames ? togetherOf(pooledOf(close.sums, close.frames)) : notTogether,
    };
  }
}

function sumsOf(parts: readonly Part[]): { readonly frames: number; readonly sums: Float64Array } {
  const sums = new Float64Array(pooledValues);
  for (const part of parts) addScaled(sums, part.sums, 1);
  return { frames: parts.reduce((count, part) => count + part.frames, 0), sums };
}

/** A region in steps of about the same length. */
function stepsOf({ start, end }: Region): Region[] {
  const count = Math.max(1, Math.round((end - start) / lengths.stepMs));
  return Array.from({ length: count }, (_, i) => ({
    start: start + (i * (end - start)) / count,
    end: start + ((i + 1) * (end - start)) / count,
  }));
}

/** −1 to 1. A loop, since `Float32Array.from` takes thirty times as long, and all audio comes through here twice. */
function floatsOf(samples: Int16Array): Float32Array {
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < samples.length; i++) floats[i] = (samples[i] ?? 0) / 32_768;
  return floats;
}

function hearClassical(pcm: Int16Array, parts: readonly Part[], isSpeech: (sample: number) => boolean): void {
  const { frames, cepstra } = extractFeatures(pcm);
  const partAt = finder(parts);
  for (let frame = 0; frame < frames; frame++) {
    if (!isSpeech(frame * classical.hopSamples + classical.frameSamples / 2)) continue;
    const part = partAt((frame * 1_000) / framesPerSecond);
    if (part) accumulate(part.statistics, cepstra, frame);
  }
}

/** @returns what finds the part at a time; times must not fall. */
function finder(parts: readonly Part[]): (ms: number) => Part | undefined {
  let i = 0;
  return (ms) => {
    while (i < parts.length && (parts[i]?.end ?? 0) <= ms) i += 1;
    const part = parts[i];
    return part && part.start <= ms ? part : undefined;
  };
}

/** As many as are wanted, inside the region. */
function nearestOf(parts: readonly Part[], i: number, region: number, wanted: number): readonly Part[] {
  let [from, to] = [i, i + 1];
  const isIn = (at: number): boolean => parts[at]?.region === region;
  const half = i - Math.floor(wanted / 2);
  while (to - from < wanted && (isIn(from - 1) || isIn(to))) {
    const goesBack = isIn(from - 1) && (from > half || !isIn(to));
    if (goesBack) from -= 1;
    else to += 1;
  }
  return parts.slice(from, to);
}
