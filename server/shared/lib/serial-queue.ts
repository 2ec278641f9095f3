/** Runs tasks one at a time, in the order given, with a bound on how many there may be, the one under way included. */
export class SerialQueue {
  readonly #maxWaiting: number;
  #tail: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(maxWaiting: number) {
    this.#maxWaiting = maxWaiting;
  }

  /** Whether `run` would take another task. */
  get hasRoom(): boolean {
    return this.#waiting < this.#maxWaiting;
  }

  /** Rejects with the task's own error; a failed task does not stop the next. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#waiting += 1;
    const result = this.#tail.then(task);
    const done = (): void => {
      this.#waiting -= 1;
    };
    // The error belongs to the caller of `run`; the queue only needs to know that the task is over.
    this.#tail = result.then(done, done);
    return result;
  }

  /** Resolves when everything queued so far is over. */
  async idle(): Promise<void> {
    await this.#tail;
  }
}
