/**
 * Cuts a track's audio at pauses into what is said in one breath. Guarantees that every sample is in exactly one cut, in order; that
 * the cuts follow from the samples, where they begin and the noise floor there alone, however the samples came; and that its memory
 * is bounded by the longest cut and what one read brings. Pure. Whether there are words in it, the transcriber says.
 */
import { bytesPerSample, sampleRateHz } from "../../../schemas/wire/audio.ts";
import { powerOf } from "./power.ts";

export interface Cut {
  /** On the track's timeline, ms; `endMs` is where the next one begins. */
  readonly startMs: number;
  readonly endMs: number;
  /** s16le; empty where nobody speaks. */
  readonly speech: Uint8Array<ArrayBuffer>;
  /** The noise floor at the end, with which a cutter goes on that begins there. */
  readonly floor: number;
}

/** On the track's timeline, ms. */
export interface Begun {
  readonly startMs: number;
  readonly endMs: number;
  readonly speech: Uint8Array<ArrayBuffer>;
  readonly isPausing: boolean;
}

const frameMs = 20;
const frameSamples = (sampleRateHz * frameMs) / 1_000;
const frameBytes = frameSamples * bytesPerSample;
const frames = (ms: number): number => Math.round(ms / frameMs);

/** Frames of speech in a row that begin it: a click is shorter. */
const beginFrames = frames(60);
/** What is taken along before and after, for soft sounds. */
const marginFrames = frames(200);
const pauseFrames = frames(600);
const maxFrames = frames(12_000);
/** Where nobody pauses, the quietest place of so much at the end. */
const searchFrames = frames(4_000);
/** Silence is let go in stretches of so much; so much of it stays, as what goes before speech. */
const silentFrames = frames(3_000);

/** Root mean square of s16 samples, about 55 and 24 dB below full scale. */
const minLoudness = 50;
const [minFloor, maxFloor] = [10, 2_000];
export const firstFloor = 30;
/** How far above the noise speech is: 8 dB. */
const aboveFloor = 2.5;
/** The floor falls quickly to what is quieter, and rises by a factor of 2 in five seconds. */
const [fall, rise] = [0.3, 1.003];

interface Frame {
  readonly isSpeech: boolean;
  readonly loudness: number;
  /** After it. */
  readonly floor: number;
}

export class Cutter {
  #startMs: number;
  #floor: number;
  #pcm: Uint8Array<ArrayBuffer> = new Uint8Array();
  #frames: Frame[] = [];

  /** @param floor of the cut before; `firstFloor` at the track's beginning. */
  constructor(startMs: number, floor: number) {
    this.#startMs = startMs;
    this.#floor = floor;
  }

  /** Up to where it has audio, ms. */
  get endMs(): number {
    return this.#startMs + this.#pcm.byteLength / ((sampleRateHz * bytesPerSample) / 1_000);
  }

  /** Whether speech began that is in no cut yet. */
  get isInSpeech(): boolean {
    return this.#beginning() !== undefined;
  }

  /** @param pcm s16le; whole frames, or nothing may follow it. */
  push(pcm: Uint8Array): void {
    const joined = new Uint8Array(this.#pcm.byteLength + pcm.byteLength);
    joined.set(this.#pcm);
    joined.set(pcm, this.#pcm.byteLength);
    this.#pcm = joined;
    this.#hear();
  }

  /** One that goes on from here by itself, as if so much more audio had come. @param pcm s16le, of any length. */
  fork(pcm: Uint8Array): Cutter {
    const other = new Cutter(this.#startMs, this.#floor);
    other.#pcm = this.#pcm;
    other.#frames = [...this.#frames];
    other.push(pcm);
    return other;
  }

  /**
   * Speech that began and has no end yet, as its cut will begin; to be asked once `next` gives no more. Where a pause may have begun it is
   * what the cut will hold if that is one, to the sample.
   */
  get begun(): Begun | undefined {
    const first = this.#beginning();
    if (first === undefined) return undefined;
    const from = Math.max(0, first - marginFrames);
    const count = this.#frames.length;
    const quietFrom = this.#frames.findLastIndex(({ isSpeech }) => isSpeech) + 1;
    const isPausing = count - quietFrom >= marginFrames && quietFrom + marginFrames <= maxFrames;
    const to = isPausing ? quietFrom + marginFrames : count;
    return {
      startMs: this.#startMs + from * frameMs,
      endMs: this.#startMs + to * frameMs,
      speech: this.#pcm.slice(from * frameBytes, to * frameBytes),
      isPausing,
    };
  }

  /** The next cut; undefined where more audio must come first. @param isEnd nothing follows what there is. */
  next(isEnd: boolean): Cut | undefined {
    const first = this.#beginning();
    const count = this.#frames.length;
    if (first === undefined) {
      // What may be the beginning of speech stays.
      const keep = marginFrames + beginFrames;
      if (isEnd) return count === 0 ? undefined : this.#take(count, false);
      return count >= silentFrames + keep ? this.#take(count - keep, false) : undefined;
    }
    const from = Math.max(0, first - marginFrames);
    if (from > 0) return this.#take(from, false);
    const end = this.#pauseAfter(first) ?? (count >= maxFrames ? this.#quietest() : undefined);
    if (end !== undefined) return this.#take(end, true);
    return isEnd ? this.#take(count, true) : undefined;
  }

  #hear(): void {
    const view = new DataView(this.#pcm.buffer, this.#pcm.byteOffset, this.#pcm.byteLength);
    for (let n = this.#frames.length; (n + 1) * frameBytes <= this.#pcm.byteLength; n += 1) {
      const loudness = Math.sqrt(powerOf(view, n * frameBytes, (n + 1) * frameBytes));
      const before = this.#frames.at(-1)?.floor ?? this.#floor;
      const moved = loudness < before ? before + (loudness - before) * fall : before * rise;
      const floor = Math.min(maxFloor, Math.max(minFloor, moved));
      this.#frames.push({ loudness, floor, isSpeech: loudness > Math.max(minLoudness, before * aboveFloor) });
    }
  }

  /** Where speech begins. */
  #beginning(): number | undefined {
    let run = 0;
    for (const [n, { isSpeech }] of this.#frames.entries()) {
      run = isSpeech ? run + 1 : 0;
      if (run === beginFrames) return n - beginFrames + 1;
    }
    return undefined;
  }

  /** Where what begins there ends, with a pause after it. */
  #pauseAfter(first: number): number | undefined {
    let quiet = 0;
    for (let n = first; n < Math.min(this.#frames.length, maxFrames); n += 1) {
      quiet = this.#frames[n]?.isSpeech ? 0 : quiet + 1;
      if (quiet === pauseFrames) return n + 1 - pauseFrames + marginFrames;
    }
    return undefined;
  }

  #quietest(): number {
    let best = maxFrames;
    for (let n = maxFrames - searchFrames; n < maxFrames; n += 1) {
      if ((this.#frames[n]?.loudness ?? 0) < (this.#frames[best]?.loudness ?? Number.POSITIVE_INFINITY)) best = n;
    }
    return best;
  }

  #take(count: number, isSpeech: boolean): Cut {
    const bytes = count * frameBytes;
    const floor = this.#frames[count - 1]?.floor ?? this.#floor;
    const startMs = this.#startMs;
    const endMs = startMs + count * frameMs;
    const speech = isSpeech ? this.#pcm.slice(0, bytes) : new Uint8Array();
    this.#startMs = endMs;
    this.#floor = floor;
    this.#pcm = this.#pcm.slice(bytes);
    // Heard anew: a cutter that begins here hears the same.
    this.#frames = [];
    this.#hear();
    return { startMs, endMs, speech, floor };
  }
}
