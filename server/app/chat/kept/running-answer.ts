/** An answer that is being made, and who reads it: each gets every event once and in order, from where they want, whenever they come. */
export class RunningAnswer<E> {
  readonly messageId: number;
  readonly ending = new AbortController();
  /** Whether it goes on when nobody reads it. */
  readonly outlivesReaders: boolean;
  readonly #events: { readonly seq: number; readonly event: E }[] = [];
  #news = Promise.withResolvers<undefined>();
  #readers = 0;
  #isOver = false;

  constructor(messageId: number, outlivesReaders: boolean) {
    this.messageId = messageId;
    this.outlivesReaders = outlivesReaders;
  }

  /** @returns its number. */
  push(event: E): number {
    const seq = this.#events.length + 1;
    this.#events.push({ seq, event });
    this.#tell();
    return seq;
  }

  over(): void {
    this.#isOver = true;
    this.#tell();
  }

  /** @param signal ends the reading, also while it waits. */
  async *read(after: number, signal: AbortSignal): AsyncGenerator<{ readonly seq: number; readonly event: E }, void> {
    this.#readers += 1;
    const left = Promise.withResolvers<undefined>();
    const leave = (): void => left.resolve(undefined);
    signal.addEventListener("abort", leave, { once: true });
    try {
      for (let at = after; !signal.aborted;) {
        const next = this.#events[at];
        if (next) {
          at += 1;
          yield next;
        } else if (this.#isOver) return;
        else await Promise.race([this.#news.promise, left.promise]);
      }
    } finally {
      signal.removeEventListener("abort", leave);
      this.#left();
    }
  }

  /** A reader who is not there any more. */
  #left(): void {
    this.#readers -= 1;
    if (this.#readers === 0 && !this.outlivesReaders && !this.#isOver) this.ending.abort();
  }

  #tell(): void {
    this.#news.resolve(undefined);
    this.#news = Promise.withResolvers<undefined>();
  }
}
