/** A typed event emitter: small, and the same in browsers and Node. */
type Listener<T> = (event: T) => void;

export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<{ readonly call: Listener<never> }>>();

  /** @returns a function that takes the listener away again. */
  on<K extends keyof Events>(type: K, listener: Listener<Events[K]>): () => void {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners);
    // In a box: the same function listening twice is two listeners.
    const entry = { call: listener };
    listeners.add(entry);
    return () => listeners.delete(entry);
  }

  /**
   * Calls those who listen now. What a listener throws is reported as an uncaught error, as EventTarget does:
   * it must not stop the other listeners, nor the work in the middle of which the event came.
   */
  protected emit<K extends keyof Events>(type: K, event: Events[K]): void {
    for (const { call } of Array.from(this.#listeners.get(type) ?? [])) {
      try {
        (call as Listener<Events[K]>)(event);
      } catch (cause) {
        queueMicrotask(() => {
          throw cause;
        });
      }
    }
  }
}
