/**
 * What a person says to a question, out of audio that goes on: from a little before the voice begins to the pause behind it. Longer
 * answers are handed out in parts, so that memory is bounded. A microphone that goes silent ends an answer as a pause does.
 */
import { bytesPerSample, sampleRateHz } from "../../../../../schemas/wire/audio.ts";
import type { Clock } from "../../clock.ts";

export interface Answer {
  /** s16le. */
  readonly pcm: Uint8Array<ArrayBuffer>;
  /** Nothing follows: the person waits. */
  readonly isOver: boolean;
  /** It goes on, and all of it comes again: whoever speaks for so long says a word, and what has none is noise. */
  readonly isPeek: boolean;
}

const bytesPerMs = (sampleRateHz * bytesPerSample) / 1_000;
const frameMs = 20;
const beforeMs = 400;
/** A click is shorter than a word. */
const beginMs = 160;
/** People stop to think within a sentence. */
const pauseMs = 1_100;
const partMs = 50_000;
/** When somebody looks whether there are words in it, and how often once there were none. */
const peekMs = 8_000;
/** No audio comes at all. */
const silentMs = 2_000;

export class AnswerAudio {
  readonly #onAnswer: (answer: Answer) => void;
  #pcm: Uint8Array[] = [];
  #bytes = 0;
  #voicedMs = 0;
  #quietMs = 0;
  #wasPeeked = false;
  readonly #clock: Clock;
  #forget = (): void => undefined;
  /** Whether an earlier part of the answer had words. */
  hasWords = false;
  /** Whether what sounds is no voice, as far as words tell: a fan, music, a microphone that beeps. Until a pause comes. */
  isNoisy = false;

  constructor(onAnswer: (answer: Answer) => void, clock: Clock) {
    this.#onAnswer = onAnswer;
    this.#clock = clock;
  }

  /** Somebody speaks, as far as it was heard. */
  get isVoice(): boolean {
    return this.#voicedMs >= beginMs && this.#quietMs === 0;
  }

  push(pcm: Uint8Array, voiced: number, frames: number): void {
    this.#pcm.push(pcm.slice());
    this.#bytes += pcm.byteLength;
    this.#voicedMs += voiced * frameMs;
    this.#quietMs = voiced > 0 ? 0 : this.#quietMs + frames * frameMs;
    if (this.#voicedMs < beginMs) {
      // A sound that nothing follows was no word.
      if (this.#quietMs > beforeMs) this.#voicedMs = 0;
      while (this.#voicedMs === 0 && this.#bytes > beforeMs * bytesPerMs)
        this.#bytes -= this.#pcm.shift()?.byteLength ?? 0;
      return;
    }
    this.#forget();
    if (this.#quietMs >= pauseMs) return this.#hand(true);
    if (this.#bytes > (this.isNoisy ? peekMs : partMs) * bytesPerMs) this.#hand(false);
    else if (!this.#wasPeeked && this.#bytes > peekMs * bytesPerMs) {
      this.#wasPeeked = true;
      this.#onAnswer({ pcm: this.#whole(), isOver: false, isPeek: true });
    }
    this.#forget = this.#clock.after(silentMs, () => this.#hand(true));
  }

  stop(): void {
    this.#forget();
  }

  #hand(isOver: boolean): void {
    const pcm = this.#whole();
    this.#pcm = [];
    this.#bytes = 0;
    if (isOver) {
      this.#voicedMs = this.#quietMs = 0;
      this.#wasPeeked = this.isNoisy = false;
    }
    this.#onAnswer({ pcm, isOver, isPeek: false });
  }

  #whole(): Uint8Array<ArrayBuffer> {
    const pcm = new Uint8Array(this.#bytes);
    let at = 0;
    for (const piece of this.#pcm) {
      pcm.set(piece, at);
      at += piece.byteLength;
    }
    return pcm;
  }
}
