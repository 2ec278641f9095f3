/** Pieces of asynchronous work, one after the other. A failure is told, and does not keep the next from running. */
export class WorkQueue {
  #tail: Promise<void> = Promise.resolve();
  readonly #onFailure: (cause: unknown) => void;

  constructor(onFailure: (cause: unknown) => void) {
    this.#onFailure = onFailure;
  }

  /** @returns what the work returns; rejects as it does, once `onFailure` was told. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.then(
      () => undefined,
      (cause: unknown) => this.#onFailure(cause),
    );
    return result;
  }

  /** For work whose failure is enough told by `onFailure`. */
  runInBackground(work: () => Promise<void>): void {
    this.run(work).catch(() => undefined);
  }

  /** Resolves when all that was given so far is done. */
  idle(): Promise<void> {
    return this.#tail;
  }
}
