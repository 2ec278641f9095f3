/** The time as a conversation knows it: a clock that can be another one in tests, where an hour is over at once. */
export interface Clock {
  /** ms since 1970. */
  readonly now: () => number;
  /** @returns what forgets it. */
  readonly after: (ms: number, what: () => void) => () => void;
}

export const machineClock: Clock = {
  now: () => Date.now(),
  after: (ms, what) => {
    const timer = setTimeout(what, ms);
    return () => clearTimeout(timer);
  },
};

/** @returns what ends it. */
export function every(clock: Clock, ms: number, what: () => void): () => void {
  let cancel: (() => void) | undefined;
  const next = (): void => {
    cancel = clock.after(ms, () => {
      next();
      what();
    });
  };
  next();
  return () => cancel?.();
}
