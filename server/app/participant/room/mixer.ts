/**
 * What a model hears of several tracks: one goes through as it comes; two that speak at once are laid over each other, once each has
 * something or the other has waited long enough. Pure, and bounded by that wait.
 */
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";

/** A track that gave nothing for so long is not waited for. */
const presentMs = 1_000;
const maxWaitingSamples = sampleRateHz / 4;

interface Heard {
  waiting: Int16Array;
  lastAt: number;
}

export class Mixer {
  readonly #tracks = new Map<string, Heard>();

  /** @returns what the model is to hear now. */
  push(track: string, samples: Int16Array, now: number): Int16Array {
    const known = this.#tracks.get(track) ?? { waiting: new Int16Array(0), lastAt: now };
    this.#tracks.set(track, { waiting: joined(known.waiting, samples), lastAt: now });
    for (const [name, { waiting, lastAt }] of this.#tracks)
      if (now - lastAt > presentMs && waiting.length === 0) this.#tracks.delete(name);
    const all = [...this.#tracks.values()];
    const least = Math.min(...all.map(({ waiting }) => waiting.length));
    const most = Math.max(...all.map(({ waiting }) => waiting.length));
    const count = most > maxWaitingSamples ? most : least;
    const mixed = new Int16Array(count);
    for (const heard of all) {
      for (const [index, sample] of heard.waiting.subarray(0, count).entries())
        mixed[index] = Math.max(-32_768, Math.min(32_767, (mixed[index] ?? 0) + sample));
      heard.waiting = heard.waiting.slice(count);
    }
    return mixed;
  }
}

function joined(first: Int16Array, second: Int16Array): Int16Array {
  const both = new Int16Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
