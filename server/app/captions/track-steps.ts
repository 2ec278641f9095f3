/**
 * One step of work for each of several tracks, side by side, of which one may take long: a model that is silent for one track holds up no
 * other. What is not done in time goes on, is not begun a second time meanwhile, and is answered for in the round in which it is over.
 */
import { TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";
import { Pending } from "../hearing/pending.ts";

export class TrackSteps<T> {
  readonly #patienceMs: number;
  /** Under way, or over and not answered for; as many as there are tracks. */
  readonly #begun = new Map<string, Pending<T>>();

  /** @param patienceMs how long a round waits for its steps. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Begins the steps that are not under way, and waits for all of them for a while.
   * @returns for each track what its step gave; undefined for those that are not over. Throws what a step threw.
   */
  async round(tracks: readonly string[], step: (track: string) => Promise<T>): Promise<(T | undefined)[]> {
    for (const track of tracks) if (!this.#begun.has(track)) this.#begun.set(track, new Pending(step(track)));
    const all = tracks.flatMap((track) => this.#begun.get(track)?.over ?? []);
    try {
      await withTimeout(Promise.all(all), this.#patienceMs, "captions");
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
    }
    return tracks.map((track) => this.#outcome(track));
  }

  /** Whether no step is under way. */
  get isQuiet(): boolean {
    return [...this.#begun.values()].every(({ isOver }) => isOver);
  }

  #outcome(track: string): T | undefined {
    const step = this.#begun.get(track);
    if (!step?.isOver) return undefined;
    this.#begun.delete(track);
    return step.outcome?.value;
  }
}
