/** A pause in which nothing is sent. Where several are asked for, the one that ends last counts. */
import { maxTimerMs } from "./pause.ts";

export class Cooldown {
  readonly #onOver: () => void;
  /** Of `performance.now()`; undefined outside of a cooldown. */
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

  /** Ends it without a call of `onOver`. */
  cut(): void {
    clearTimeout(this.#timer);
    this.#until = undefined;
  }
}
