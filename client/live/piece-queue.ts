/**
 * Live audio that was heard and not read yet: bounded for each track, the oldest goes first, and what comes next says how much went.
 * A `flush` outlives what it came with. Pure; knows no connection.
 */
import type { LivePiece } from "./live-piece.ts";

type Came = Omit<LivePiece, "lostMs">;

interface Lost {
  ms: number;
  /** A piece that was dropped said so. */
  flush: boolean;
}

const msOf = ({ samples, sampleRate }: Came): number => (samples.length * 1_000) / sampleRate;

export class PieceQueue {
  readonly #maxMs: number;
  #pieces: Came[] = [];
  /** By track: what the next piece of it has to tell. */
  readonly #lost = new Map<string, Lost>();

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  push(piece: Came): void {
    // What is to be dropped where it is played is of no use here either, and is no loss.
    if (piece.flush) this.#pieces = this.#pieces.filter(({ track }) => track !== piece.track);
    this.#pieces.push(piece);
    const ofTrack = this.#pieces.filter(({ track }) => track === piece.track);
    let queuedMs = ofTrack.reduce((sum, each) => sum + msOf(each), 0);
    for (const oldest of ofTrack) {
      if (queuedMs <= this.#maxMs || oldest === piece) return;
      queuedMs -= msOf(oldest);
      this.#drop(oldest);
    }
  }

  /** The oldest piece, or undefined where there is none. */
  shift(): LivePiece | undefined {
    const piece = this.#pieces.shift();
    if (!piece) return undefined;
    const lost = this.#lost.get(piece.track);
    this.#lost.delete(piece.track);
    return { ...piece, flush: piece.flush || (lost?.flush ?? false), lostMs: lost?.ms ?? 0 };
  }

  #drop(piece: Came): void {
    this.#pieces = this.#pieces.filter((each) => each !== piece);
    const before = this.#lost.get(piece.track);
    this.#lost.set(piece.track, {
      ms: (before?.ms ?? 0) + msOf(piece),
      flush: (before?.flush ?? false) || piece.flush,
    });
  }
}
