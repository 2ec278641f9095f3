/** Words for tests: each is a tenth of a second of sound whose level is its number, so that a model of a test hears whether one is missing, or there twice. */
export const wordMs = 100;
const pauseMs = 100;
const [lowest, step] = [3_000, 60];
const loud = 1_500;
export const maxWord = 400;

export function soundOf(words: readonly number[], rateHz = 16_000): Int16Array {
  const [on, off] = [(rateHz * wordMs) / 1_000, (rateHz * pauseMs) / 1_000];
  const sound = new Int16Array(words.length * (on + off));
  for (const [index, word] of words.entries())
    sound.fill(lowest + step * word, index * (on + off), index * (on + off) + on);
  return sound;
}

export function speech(ms: number, rateHz: number): Int16Array {
  return new Int16Array((rateHz * ms) / 1_000).fill(5_000);
}

export interface Noticed {
  readonly type: "begins" | "word" | "pause";
  readonly word: number;
  /** Place in what was heard, ms. */
  readonly atMs: number;
}

/** Hears words in what it is given, whatever the pieces; plain data, to be copied. */
export class Ear {
  #run: number[] = [];
  #quiet = 0;
  #heard = 0;
  #isSaying = false;
  readonly #rateHz: number;
  readonly #pauseMs: number;

  constructor(rateHz: number, silenceMs: number) {
    this.#rateHz = rateHz;
    this.#pauseMs = silenceMs;
  }

  copy(): Ear {
    const other = new Ear(this.#rateHz, this.#pauseMs);
    other.#run = [...this.#run];
    other.#quiet = this.#quiet;
    other.#heard = this.#heard;
    other.#isSaying = this.#isSaying;
    return other;
  }

  /** Whether a word has begun, and not ended. */
  get isInWord(): boolean {
    return this.#run.length > 0;
  }

  get heardMs(): number {
    return (this.#heard * 1_000) / this.#rateHz;
  }

  push(samples: Int16Array): Noticed[] {
    const noticed: Noticed[] = [];
    for (const sample of samples) {
      this.#heard += 1;
      if (Math.abs(sample) > loud) {
        if (!this.#isSaying && this.#run.length === 0) noticed.push({ type: "begins", word: -1, atMs: this.heardMs });
        this.#run.push(sample);
        this.#quiet = 0;
        this.#isSaying = true;
        continue;
      }
      this.#quiet += 1;
      if (this.#run.length > 0)
        for (const word of this.#words()) noticed.push({ type: "word", word, atMs: this.heardMs });
      if (this.#isSaying && (this.#quiet * 1_000) / this.#rateHz >= this.#pauseMs) {
        this.#isSaying = false;
        noticed.push({ type: "pause", word: -1, atMs: this.heardMs });
      }
    }
    return noticed;
  }

  /** Less than half of one is none; one and a half are two. */
  #words(): number[] {
    const sorted = this.#run.toSorted((a, b) => a - b);
    const count = Math.round(sorted.length / ((this.#rateHz * wordMs) / 1_000));
    this.#run = [];
    const word = Math.round(((sorted[Math.floor(sorted.length / 2)] ?? 0) - lowest) / step);
    return Array.from({ length: count }, () => word);
  }
}

/** What a model says to words: more words than it was asked with. */
export function answerTo(words: readonly number[]): string[] {
  return ["So", ...words.map((word) => `re${word}`), "and", "then", "what?"];
}
