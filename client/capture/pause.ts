/** Above it a timer fires at once, everywhere: 24 days. */
export const maxTimerMs = 2 ** 31 - 1;

/** A wait that can be cut short. */
export class Pause {
  readonly over: Promise<void>;
  #end: (() => void) | undefined;

  constructor(ms: number) {
    this.over = new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, maxTimerMs));
      this.#end = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  cut(): void {
    this.#end?.();
  }
}
