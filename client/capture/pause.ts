/** A wait that can be cut short. */
export class Pause {
  readonly over: Promise<void>;
  #end: (() => void) | undefined;

  constructor(ms: number) {
    this.over = new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
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
