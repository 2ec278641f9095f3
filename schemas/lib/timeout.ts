/** Waiting that ends. A timer is cleared as soon as it is not needed: one that is still to fire keeps a room from sleeping. */
export class TimeoutError extends Error {
  override readonly name = "TimeoutError";
}

/**
 * Waits for a promise at most `ms`. The work behind it goes on; its late outcome is dropped.
 * @param what names the work in the error, or makes the error.
 */
export async function withTimeout<T>(promise: Promise<T>, ms: number, what: string | (() => Error)): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(typeof what === "string" ? new TimeoutError(`${what} took longer than ${ms} ms`) : what());
    }, ms);
  });
  try {
    return await Promise.race([promise, expired]);
  } finally {
    if (timer !== undefined) clearTimeout(timer);
  }
}

interface Wait {
  readonly expire: (cause: TimeoutError) => void;
}

/**
 * As `withTimeout`, for many short waits that overlap: they share one timer, since setting and clearing one for each costs more than what is
 * waited for. Whoever joins while it runs waits for the next one, so that a wait ends between once and twice its time.
 */
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

/** A signal that aborts in `ms`, unless it is cleared. */
export interface Deadline {
  readonly signal: AbortSignal;
  readonly clear: () => void;
}

export function deadlineIn(ms: number): Deadline {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(), ms);
  return { signal: controller.signal, clear: () => clearTimeout(timer) };
}
