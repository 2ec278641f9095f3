/**
 * As `withTimeout`, for many short waits that overlap: they share one timer, since setting and clearing one for each costs more than what is
 * waited for. Whoever joins while it runs waits for the next one, so that a wait ends between once and twice its time.
 */
import { TimeoutError } from "./timeout.ts";

interface Wait {
  readonly expire: (cause: TimeoutError) => void;
}

export class SharedTimeout {
  readonly #ms: number;
  readonly #what: string;
  readonly #waits = new Set<Wait>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** @param what names the work in the error. */
  constructor(ms: number, what: string) {
    this.#ms = ms;
    this.#what = what;
  }

  /** The work behind the promise goes on after it was given up; its late outcome is dropped. @throws TimeoutError */
  async wait<T>(promise: Promise<T>): Promise<T> {
    let own: Wait | undefined;
    const expired = new Promise<never>((_, reject) => {
      own = { expire: reject };
      this.#waits.add(own);
    });
    this.#arm();
    try {
      return await Promise.race([promise, expired]);
    } finally {
      if (own) this.#waits.delete(own);
      // One that is still to fire keeps a room from sleeping.
      if (this.#waits.size === 0) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
      }
    }
  }

  #arm(): void {
    if (this.#timer !== undefined) return;
    const old = [...this.#waits];
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      for (const wait of old) {
        if (this.#waits.has(wait)) wait.expire(new TimeoutError(`${this.#what} took longer than ${this.#ms} ms`));
      }
      if (this.#waits.size > 0) this.#arm();
    }, this.#ms);
  }
}
