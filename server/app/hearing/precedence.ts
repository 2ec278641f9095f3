/**
 * Which speech of a meeting is transcribed first. The embedded model transcribes all of it on one processor: there, a final caption goes
 * first, and partials and second hearings give way to it. Models elsewhere transcribe everything at once, and nothing gives way.
 * Holds nothing but what is under way.
 */
import { deadlineIn } from "../../../schemas/lib/timeout.ts";

/** So long what gives way waits for what goes first: finals that follow each other for longer are of people who speak without a pause. */
const patienceMs = 30_000;

export class Precedence {
  readonly #isOneProcessor: () => boolean;
  readonly #yielding = new Set<AbortController>();
  #first = 0;
  #idle: PromiseWithResolvers<void> | undefined;

  constructor(isOneProcessor: () => boolean) {
    this.#isOneProcessor = isOneProcessor;
  }

  /** Whether several hearings at once take each the longer. */
  get isOneProcessor(): boolean {
    return this.#isOneProcessor();
  }

  /** Does what others give way to. */
  async first<T>(work: () => Promise<T>): Promise<T> {
    this.#first += 1;
    if (this.#isOneProcessor()) for (const controller of this.#yielding) controller.abort();
    try {
      return await work();
    } finally {
      this.#first -= 1;
      if (this.#first === 0) {
        this.#idle?.resolve();
        this.#idle = undefined;
      }
    }
  }

  /**
   * @param work ends soon once its signal aborts. @param isDone whether what came of it then is all of it, as where a model elsewhere had been
   * asked, which is paid for. @returns the work, of which nothing comes where it gave way.
   */
  yielding<T>(work: (signal: AbortSignal) => Promise<T>, isDone: (came: T) => boolean): Yielding<T> {
    const controller = new AbortController();
    if (this.#first > 0 && this.#isOneProcessor()) return { over: Promise.resolve(undefined), promote: () => {} };
    this.#yielding.add(controller);
    const run = async (): Promise<T | undefined> => {
      try {
        const done = await work(controller.signal);
        return controller.signal.aborted && !isDone(done) ? undefined : done;
      } finally {
        this.#yielding.delete(controller);
      }
    };
    return { over: run(), promote: () => void this.#yielding.delete(controller) };
  }

  /**
   * Does work whenever nothing goes first, and begins it anew where it gave way. @param times that it does so; then it goes first as well, and
   * so it does once it has waited for `patienceMs`: people who speak without a pause, by turns, fill the processor without an end.
   */
  async patient<T>(
    work: (signal: AbortSignal | undefined) => Promise<T>,
    times: number,
    isDone: (came: T) => boolean,
  ): Promise<T> {
    const patience = deadlineIn(patienceMs);
    try {
      for (let n = 0; n < times && !patience.signal.aborted; n += 1) {
        if (!(await this.#whenIdle(patience.signal))) break;
        const heard = async (signal: AbortSignal): Promise<{ value: T }> => ({ value: await work(signal) });
        const done = await this.yielding(heard, ({ value }) => isDone(value)).over;
        if (done) return done.value;
      }
    } finally {
      patience.clear();
    }
    return this.first(() => work(undefined));
  }

  /** @param over aborts where it is waited for no longer. @returns whether it is idle. */
  async #whenIdle(over: AbortSignal): Promise<boolean> {
    if (this.#first === 0 || !this.#isOneProcessor()) return true;
    const ended = Promise.withResolvers<void>();
    const end = (): void => ended.resolve();
    over.addEventListener("abort", end, { once: true });
    await Promise.race([(this.#idle ??= Promise.withResolvers<void>()).promise, ended.promise]);
    over.removeEventListener("abort", end);
    return !over.aborted;
  }
}

export interface Yielding<T> {
  /** undefined where it gave way. */
  readonly over: Promise<T | undefined>;
  /** From here on it gives way no more. */
  readonly promote: () => void;
}
