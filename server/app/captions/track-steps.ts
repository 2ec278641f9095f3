/**
 * One step of work for each of several tracks, side by side, of which one may take long: a model that is silent for one track holds up no
 * other. What is not done in time goes on, is not begun a second time meanwhile, and is answered for in the round in which it is over.
 */
import { TimeoutError, withTimeout } from "../../../schemas/lib/timeout.ts";

type Settled<T> = { readonly value: T } | { readonly cause: unknown };

export class TrackSteps<T> {
  readonly #patienceMs: number;
  /** Under way, or over and not answered for; as many as there are tracks. */
  readonly #begun = new Map<string, { readonly over: Promise<void>; settled: Settled<T> | undefined }>();

  /** @param patienceMs how long a round waits for its steps. */
  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /**
   * Begins the steps that are not under way, and waits for all of them for a while.
   * @returns for each track what its step gave; undefined for those that are not over. Throws what a step threw.
   */
  async round(tracks: readonly string[], step: (track: string) => Promise<T>): Promise<(T | undefined)[]> {
    for (const track of tracks) if (!this.#begun.has(track)) this.#begin(track, step);
    const all = tracks.flatMap((track) => this.#begun.get(track)?.over ?? []);
    try {
      await withTimeout(Promise.all(all), this.#patienceMs, "captions");
    } catch (cause) {
      if (!(cause instanceof TimeoutError)) throw cause;
    }
    return tracks.map((track) => this.#outcome(track));
  }

  #begin(track: string, step: (track: string) => Promise<T>): void {
    const keep = (settled: Settled<T>): void => {
      entry.settled = settled;
    };
    const over = step(track).then(
      (value) => keep({ value }),
      (cause: unknown) => keep({ cause }),
    );
    const entry: { readonly over: Promise<void>; settled: Settled<T> | undefined } = { over, settled: undefined };
    this.#begun.set(track, entry);
  }

  #outcome(track: string): T | undefined {
    const settled = this.#begun.get(track)?.settled;
    if (!settled) return undefined;
    this.#begun.delete(track);
    if ("cause" in settled) throw settled.cause;
    return settled.value;
  }
}
