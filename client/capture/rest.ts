/** A time in which nothing is sent. Of several that are asked for the one that ends last holds. */
import { maxTimerMs } from "./pause.ts";

export class Rest {
  readonly #onOver: () => void;
  /** Of `performance.now()`; undefined: there is none. */
  #until: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(onOver: () => void) {
    this.#onOver = onOver;
  }

  get isOn(): boolean {
    return this.#until !== undefined;
  }

  begin(ms: number): void {
    const until = performance.now() + ms;
    if (this.#until !== undefined && until <= this.#until) return;
    this.#until = until;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#until = undefined;
        this.#onOver();
      },
      Math.min(ms, maxTimerMs),
    );
  }

  /** Ends it without a word. */
  cut(): void {
    clearTimeout(this.#timer);
    this.#until = undefined;
  }
}
