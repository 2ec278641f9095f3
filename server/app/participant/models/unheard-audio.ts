/**
 * What a person said and the model's memory does not hold yet: sent again over the next connection (SPEC Y5). Bounded: what is older
 * is lost to the model, and to nobody else. Pure.
 */
import { bytesPerSample, sampleRateHz } from "../../../../schemas/wire/audio.ts";

const maxBytes = 30 * sampleRateHz * bytesPerSample;

interface Piece {
  readonly pcm: Uint8Array;
  /** Which message of the connection it went out as; undefined while it did not. */
  index: number | undefined;
}

export class UnheardAudio {
  #pieces: Piece[] = [];
  #bytes = 0;

  push(pcm: Uint8Array): void {
    this.#pieces.push({ pcm, index: undefined });
    this.#bytes += pcm.byteLength;
    while (this.#bytes > maxBytes) this.#bytes -= this.#pieces.shift()?.pcm.byteLength ?? 0;
  }

  /** Hands out what was not sent over this connection, in order. @param send gives the message's index. */
  send(send: (pcm: Uint8Array) => number): void {
    for (const piece of this.#pieces) piece.index ??= send(piece.pcm);
  }

  /** The model's memory holds all messages up to this one. */
  heard(index: number): void {
    this.#pieces = this.#pieces.filter((piece) => piece.index === undefined || piece.index > index);
    this.#bytes = this.#pieces.reduce((sum, { pcm }) => sum + pcm.byteLength, 0);
  }

  /** Another connection knows nothing of what was sent over this one. */
  forgetIndexes(): void {
    for (const piece of this.#pieces) piece.index = undefined;
  }
}
