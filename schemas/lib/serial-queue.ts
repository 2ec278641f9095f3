/** Runs tasks one at a time, in the order given. A task that fails does not keep the next from running. */
export interface SerialQueueOptions {
  /** How many tasks there may be, the one under way included. Asked for with `hasRoom`: `run` takes what it is given. */
  readonly maxTasks?: number;
  /** Called with the error of each task that fails, before its caller gets it. */
  readonly onFailure?: (cause: unknown) => void;
}

export class SerialQueue {
  readonly #options: SerialQueueOptions;
  #tail: Promise<void> = Promise.resolve();
  #tasks = 0;

  constructor(options: SerialQueueOptions) {
    this.#options = options;
  }

  /** Whether there may be another task. */
  get hasRoom(): boolean {
    return this.#tasks < (this.#options.maxTasks ?? Number.POSITIVE_INFINITY);
  }

  /** @returns what the task returns; rejects with its own error. */
  run<T>(task: () => Promise<T>): Promise<T> {
    this.#tasks += 1;
    const result = this.#tail.then(task);
    const done = (): void => {
      this.#tasks -= 1;
    };
    this.#tail = result.then(done, (cause: unknown) => {
      done();
      this.#options.onFailure?.(cause);
    });
    return result;
  }

  /** For tasks whose failure `onFailure` alone deals with. */
  runInBackground(task: () => Promise<void>): void {
    this.run(task).catch(() => undefined);
  }

  /** Resolves when everything queued so far is over. */
  idle(): Promise<void> {
    return this.#tail;
  }
}
