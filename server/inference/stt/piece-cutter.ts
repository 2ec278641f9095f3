/**
 * Where speech is cut into pieces for the model: at pauses, and where nobody pauses for long at the place with the least
 * speech. Pure: probabilities in, ranges of windows out. Pieces come in order and never overlap.
 */
import { cutting } from "./tuning.ts";

/** Windows [start, end). */
export interface Piece {
  readonly start: number;
  readonly end: number;
  /** The speech in it, without the silence around it. */
  readonly speechStart: number;
  readonly speechEnd: number;
  /** Mean probability of speech, 0 to 1. */
  readonly probability: number;
}

export class PieceCutter {
  /** Of the piece that is open, from `#from` on. */
  #open: number[] = [];
  #from = 0;
  #speechWindows = 0;
  #lastSpeech = 0;
  #next = 0;
  #cutAt = 0;

  /** @returns the piece that ends here. */
  push(probability: number): Piece | undefined {
    const at = this.#next++;
    const isOpen = this.#open.length > 0;
    if (!isOpen && probability < cutting.begins) return undefined;
    if (!isOpen) this.#begin(at);
    this.#open.push(probability);
    this.#count(at, probability);
    const isShort = this.#lastSpeech - this.#from < cutting.shortWindows;
    const pause = isShort ? cutting.longPauseWindows : cutting.pauseWindows;
    if (at - this.#lastSpeech >= pause) return this.#close(this.#lastSpeech + 1, undefined);
    if (this.#open.length < cutting.maxWindows) return undefined;
    return this.#divide();
  }

  /** @returns what is left when the stream is over. */
  end(): Piece | undefined {
    return this.#open.length === 0 ? undefined : this.#close(this.#lastSpeech + 1, undefined);
  }

  /** Whether a piece has begun that is not over. */
  get isInSpeech(): boolean {
    return this.#open.length > 0;
  }

  #begin(at: number): void {
    this.#from = at;
    this.#lastSpeech = at;
    this.#speechWindows = 0;
  }

  #count(at: number, probability: number): void {
    if (probability >= cutting.begins) this.#speechWindows += 1;
    if (probability >= cutting.ends) this.#lastSpeech = at;
  }

  #divide(): Piece | undefined {
    const open = this.#open;
    let best = cutting.leastWindows;
    let least = Infinity;
    // Over three windows: one alone may be the middle of a plosive.
    for (let i = cutting.leastWindows; i + 1 < open.length; i++) {
      const around = (open[i - 1] ?? 0) + (open[i] ?? 0) + (open[i + 1] ?? 0);
      if (around > least) continue;
      least = around;
      best = i;
    }
    const rest = open.slice(best);
    const cut = this.#from + best;
    const piece = this.#close(cut, cut);
    this.#begin(cut);
    this.#open = rest;
    for (const [i, probability] of rest.entries()) this.#count(cut + i, probability);
    return piece;
  }

  /** @param hardEnd where another piece begins at once, so that no margin is to be had. */
  #close(speechEnd: number, hardEnd: number | undefined): Piece | undefined {
    const speech = this.#open.slice(0, speechEnd - this.#from);
    const isSpeech = this.#speechWindows >= cutting.leastSpeechWindows;
    const start = Math.max(this.#cutAt, this.#from - cutting.marginWindows);
    const end = hardEnd ?? Math.min(this.#next, speechEnd + cutting.marginWindows);
    this.#open = [];
    if (!isSpeech) return undefined;
    this.#cutAt = end;
    const probability = speech.reduce((sum, value) => sum + value, 0) / speech.length;
    return { start, end, speechStart: this.#from, speechEnd, probability };
  }
}
