/**
 * What comes of a track as live audio ahead of its kept seconds. Guarantees that it is continuous: what follows a hole, or begins
 * anew, begins it anew; and that it holds the last 15 s alone. Pure.
 */
import { bytesPerSample, sampleRateHz } from "../../../schemas/wire/audio.ts";

const bytesPerMs = (sampleRateHz * bytesPerSample) / 1_000;
/** A piece of speech is no longer (the cutter's longest). */
const maxMs = 15_000;

export class LiveTail {
  #fromMs = 0;
  #pcm: Uint8Array<ArrayBuffer> = new Uint8Array();

  get endMs(): number {
    return this.#fromMs + this.#pcm.byteLength / bytesPerMs;
  }

  /** @param atMs the place of its first sample on the track's timeline. @param pcm s16le at the rate of chunks. */
  push(atMs: number, pcm: Uint8Array): void {
    // Times of another clock may be a sample off.
    const isNext = Math.abs(atMs - this.endMs) < 1;
    const before = isNext ? this.#pcm : new Uint8Array();
    if (!isNext) this.#fromMs = atMs;
    const dropped = Math.max(0, before.byteLength + pcm.byteLength - maxMs * bytesPerMs);
    const kept = before.subarray(Math.ceil(dropped / bytesPerSample) * bytesPerSample);
    this.#fromMs += (before.byteLength - kept.byteLength) / bytesPerMs;
    const joined = new Uint8Array(kept.byteLength + pcm.byteLength);
    joined.set(kept);
    joined.set(pcm, kept.byteLength);
    this.#pcm = joined;
  }

  /** What there is from a place on; empty where that place is not in it. */
  after(ms: number): Uint8Array {
    if (ms < this.#fromMs) return new Uint8Array();
    const from = Math.round((ms - this.#fromMs) * (sampleRateHz / 1_000)) * bytesPerSample;
    return this.#pcm.subarray(Math.min(from, this.#pcm.byteLength));
  }
}
