/** Work that goes on while others of its owner are done, and is answered for once, when its owner asks. */
type Settled<T> = { readonly value: T } | { readonly cause: unknown };

export class Pending<T> {
  /** Resolves once the work has ended, well or not; never rejects. */
  readonly over: Promise<void>;
  #settled: Settled<T> | undefined;

  constructor(work: Promise<T>) {
    const keep = (settled: Settled<T>): void => {
      this.#settled = settled;
    };
    this.over = work.then(
      (value) => keep({ value }),
      (cause: unknown) => keep({ cause }),
    );
  }

  /** What came of it, once it is over. @throws what the work threw. */
  get outcome(): { readonly value: T } | undefined {
    const settled = this.#settled;
    if (settled && "cause" in settled) throw settled.cause;
    return settled;
  }

  get isOver(): boolean {
    return this.#settled !== undefined;
  }
}
