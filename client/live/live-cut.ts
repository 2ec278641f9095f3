/**
 * Live audio's lengths: a source's samples to pieces of a tenth of a second, as they come, and a program's own to pieces that a room
 * takes (SPEC W15). Pure; knows no connection.
 */
import { minLiveMs, sampleRateHz } from "../../schemas/wire/audio.ts";

const pieceMs = 100;
const pieceSamples = (sampleRateHz * pieceMs) / 1_000;

export interface LivePart {
  readonly samples: Int16Array;
  /** Where its first sample lies on the track's timeline. */
  readonly atMs: number;
}

/** Of samples at 16 kHz that follow each other. */
export class LiveCut {
  #piece = new Int16Array(pieceSamples);
  #filled = 0;
  /** Place of the first sample of the piece that is under way, in samples from the track's beginning. */
  #from = 0;

  /** @param at place of the first sample on the track's timeline, in samples. @returns the pieces that they complete. */
  push(samples: Int16Array, at: number): LivePart[] {
    // What lies apart is not one piece; a part of a tenth of a second is of no use to who listens.
    if (at !== this.#from + this.#filled) this.clear();
    if (this.#filled === 0) this.#from = at;
    const parts: LivePart[] = [];
    for (let taken = 0; taken < samples.length;) {
      const some = samples.subarray(taken, taken + pieceSamples - this.#filled);
      this.#piece.set(some, this.#filled);
      this.#filled += some.length;
      taken += some.length;
      if (this.#filled < pieceSamples) break;
      parts.push({ samples: this.#piece, atMs: (this.#from * 1_000) / sampleRateHz });
      this.#piece = new Int16Array(pieceSamples);
      this.#from += pieceSamples;
      this.#filled = 0;
    }
    return parts;
  }

  clear(): void {
    this.#filled = 0;
  }
}

/** All of it, in pieces of a tenth of a second; what is shorter than a room takes is made as long, with silence behind it. */
export function piecesOf(samples: Int16Array, rateHz: number): Int16Array[] {
  const [least, usual] = [(rateHz * minLiveMs) / 1_000, (rateHz * pieceMs) / 1_000];
  if (samples.length < least) {
    const padded = new Int16Array(least);
    padded.set(samples);
    return [padded];
  }
  const pieces: Int16Array[] = [];
  for (let from = 0; from < samples.length;) {
    const left = samples.length - from;
    const length = left < usual + least ? left : usual;
    pieces.push(samples.subarray(from, from + length));
    from += length;
  }
  return pieces;
}
