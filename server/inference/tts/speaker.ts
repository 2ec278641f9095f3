/** Speech synthesis as the rest of the service sees it: sentences in, samples out as they are made. */
import { type Result, ok } from "../../../schemas/lib/result.ts";
import { type Busy, Gate } from "../threads/gate.ts";
import { Thread } from "../threads/thread.ts";
import type { SayCall } from "./tts-thread.ts";

/** Of all voices. */
export const voiceRateHz = 16_000;
export const ttsLimits = { maxJobs: 16, maxBytes: 1024 * 1024, maxCharacters: 4_096, idleMs: 600_000 } as const;

export class Speaker {
  readonly #thread = new Thread(new URL("tts-thread.ts", import.meta.url), undefined, ttsLimits.idleMs);
  readonly #gate = new Gate(ttsLimits, () => performance.now());

  get isLoaded(): boolean {
    return this.#thread.isRunning;
  }

  /**
   * @returns s16le samples, a part a sentence.
   * @param signal aborts at the latest when the exchange is over: with it ends the work, and its place is free.
   */
  say(
    sentences: readonly string[],
    how: Omit<SayCall, "sentence">,
    signal: AbortSignal,
  ): Result<AsyncGenerator<Uint8Array, void>, Busy> {
    const place = this.#gate.enter(sentences.reduce((sum, { length }) => sum + length, 0));
    if (!place.ok) return place;
    signal.addEventListener("abort", place.value.leave, { once: true });
    return ok(this.#speak(sentences, how, signal, place.value.leave));
  }

  async stop(): Promise<void> {
    await this.#thread.stop();
  }

  async *#speak(
    sentences: readonly string[],
    how: Omit<SayCall, "sentence">,
    signal: AbortSignal,
    leave: () => void,
  ): AsyncGenerator<Uint8Array, void> {
    try {
      for (const sentence of sentences) {
        if (signal.aborted) return;
        yield await this.#thread.call<Uint8Array>("say", { ...how, sentence } satisfies SayCall);
      }
    } finally {
      leave();
    }
  }
}
