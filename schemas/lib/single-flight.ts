/** Work of which one run is under way at most: whoever asks meanwhile joins it. */
export class SingleFlight<T> {
  readonly #work: () => Promise<T>;
  #running: Promise<T> | undefined;

  constructor(work: () => Promise<T>) {
    this.#work = work;
  }

  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Starts a run, or joins the one under way. Settles as the work does. */
  run(): Promise<T> {
    this.#running ??= this.#work().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** Resolves once no run is under way, however that one ends. */
  async idle(): Promise<void> {
    await this.#running?.catch(() => undefined);
  }
}
