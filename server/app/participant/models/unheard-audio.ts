/**
 * What a person said and the model's memory does not hold yet: sent again over the next connection (SPEC Y5). Bounded: what is older
 * is lost to the model, and to nobody else. Pure.
 */
import { bytesPerSample, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { samplesOf } from "../../../../schemas/wire/samples.ts";

const maxBytes = 60 * sampleRateHz * bytesPerSample;
/** What left this machine so short a time ago may be on its way, or what is told of it: longer where the line is slow. */
const onItsWayMs = { least: 300, most: 2_000 };
/** So much of a voice may still be the end of what is being answered. */
const tailMs = 200;
/** A pause that ends what somebody is saying; shorter ones are within it. */
const breathMs = 300;
/** Mean of the samples' sizes below which nothing is voice. */
const leastLoudness = 100;

interface Piece {
  readonly pcm: Uint8Array;
  /** Which message of the connection it went out as, or another measure that grows; undefined while it did not. */
  index: number | undefined;
  sentAt: number;
  /** When it came, ms since 1970. */
  readonly cameAt: number;
  readonly isLoud: boolean;
}

export class UnheardAudio {
  readonly #now: () => number;
  #pieces: Piece[] = [];
  #bytes = 0;
  #onItsWayMs = onItsWayMs.least;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a voice went out that the model's memory does not hold. */
  get hasSentVoice(): boolean {
    return this.#pieces.some(({ index, isLoud }) => index !== undefined && isLoud);
  }

  /** Whether a voice may be on its way. */
  get isVoiceUnderWay(): boolean {
    const since = this.#now() - this.#onItsWayMs;
    return this.#pieces.some(({ index, sentAt, isLoud }) => index !== undefined && isLoud && sentAt > since);
  }

  /** @returns when the message of that index, or the one that reaches up to it, came here. */
  cameAt(index: number): number | undefined {
    return this.#pieces.find((piece) => piece.index !== undefined && piece.index >= index)?.cameAt;
  }

  /** Whether somebody spoke on behind the message of that index, for longer than what was said before it takes to end. */
  hasVoiceBehind(index: number): boolean {
    const loud = this.#pieces.filter((piece) => piece.isLoud && piece.index !== undefined && piece.index > index);
    return loud.reduce((sum, { pcm }) => sum + msOf(pcm), 0) > tailMs;
  }

  /** @returns the last message before the voice that goes on at the one of that index, which is the answer where nobody speaks there. */
  voiceBefore(index: number): number {
    const sent = this.#pieces.filter((piece) => piece.index !== undefined && piece.index <= index);
    let [before, quietMs] = [index, 0];
    for (let at = sent.length - 1; at >= 0 && quietMs < breathMs; at -= 1) {
      const { isLoud = false, pcm } = sent[at] ?? {};
      if (isLoud) before = sent[at - 1]?.index ?? -1;
      quietMs = isLoud || !pcm ? 0 : quietMs + msOf(pcm);
    }
    return before;
  }

  push(pcm: Uint8Array): void {
    this.#pieces.push({ pcm, index: undefined, sentAt: 0, cameAt: this.#now(), isLoud: hasVoice(pcm) });
    this.#bytes += pcm.byteLength;
    while (this.#bytes > maxBytes) this.#bytes -= this.#pieces.shift()?.pcm.byteLength ?? 0;
  }

  /** Hands out what was not sent over this connection, in order. @param send gives the message's index. */
  send(send: (pcm: Uint8Array) => number): void {
    for (const piece of this.#pieces) {
      if (piece.index !== undefined) continue;
      piece.index = send(piece.pcm);
      piece.sentAt = this.#now();
    }
  }

  /** The model's memory holds all messages up to this one. */
  heard(index: number): void {
    this.#keep((piece) => piece.index === undefined || piece.index > index);
  }

  /** Nobody spoke before the first voice, as far as that message: the model need not hear it. */
  forgetQuiet(index: number): void {
    const first = this.#pieces.findIndex((piece) => piece.isLoud || piece.index === undefined || piece.index > index);
    const quiet = new Set(this.#pieces.slice(0, first < 0 ? this.#pieces.length : first));
    this.#keep((piece) => !quiet.has(piece));
  }

  /** It holds all that had arrived by now. */
  heardButLately(): void {
    const since = this.#now() - this.#onItsWayMs;
    this.#keep((piece) => piece.index === undefined || piece.sentAt > since);
  }

  /** @param ms there and back, over the connection that is there now. */
  takesMs(ms: number): void {
    this.#onItsWayMs = Math.min(onItsWayMs.most, Math.max(onItsWayMs.least, ms));
  }

  /** Another connection knows nothing of what was sent over this one. */
  forgetIndexes(): void {
    for (const piece of this.#pieces) piece.index = undefined;
  }

  #keep(isUnheard: (piece: Piece) => boolean): void {
    this.#pieces = this.#pieces.filter(isUnheard);
    this.#bytes = this.#pieces.reduce((sum, { pcm }) => sum + pcm.byteLength, 0);
  }
}

function msOf(pcm: Uint8Array): number {
  return (pcm.byteLength * 1_000) / (sampleRateHz * bytesPerSample);
}

function hasVoice(pcm: Uint8Array): boolean {
  const samples = samplesOf(pcm);
  return samples.reduce((sum, sample) => sum + Math.abs(sample), 0) > leastLoudness * samples.length;
}
