/**
 * Who puts a meeting together in this isolate, and who waits for that (R15): a few at a time, and of one document one at a time, so
 * that many readers cost neither memory nor the thread more than a few do, and whoever asks for the same finds it finished. They come
 * in order and none is refused.
 *
 * A waiting request looks again from time to time: a promise of another request must not be waited for, since nothing more happens
 * in a request whose caller has left. For the same reason one of whom nothing was seen for a while has no place any more.
 */
import { wait } from "../../shared/lib/wait.ts";

const maxAtOnce = 2;
const lookAgainMs = 20;
const goneAfterMs = 10_000;

interface Place {
  readonly document: string;
  seenAt: number;
}

export interface Turn {
  /** Shows that the reader is still here. */
  readonly see: () => void;
  readonly leave: () => void;
}

export class ReadingTurns {
  /** In the order in which they came. */
  #line: Place[] = [];
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** How many read or wait. */
  get length(): number {
    return this.#line.length;
  }

  /** @param left the caller's leaving. */
  async take(document: string, left: AbortSignal): Promise<Turn> {
    const place: Place = { document, seenAt: this.#now() };
    const see = (): void => {
      place.seenAt = this.#now();
    };
    const leave = (): void => {
      this.#line = this.#line.filter((other) => other !== place);
    };
    left.addEventListener("abort", leave, { once: true });
    for (; !this.#isFirst(place); await wait(lookAgainMs)) see();
    return { see, leave };
  }

  #isFirst(place: Place): boolean {
    const oldest = this.#now() - goneAfterMs;
    this.#line = this.#line.filter((other) => other === place || other.seenAt >= oldest);
    if (!this.#line.includes(place)) this.#line.push(place);
    const ahead = this.#line.slice(0, this.#line.indexOf(place));
    return ahead.length < maxAtOnce && ahead.every(({ document }) => document !== place.document);
  }
}
