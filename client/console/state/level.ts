/** How loud a source is, ten times a second; whether it is silent for long, or too loud. */
import { signal } from "@preact/signals";
import type { AudioSource } from "../../browser/index.ts";

const everyMs = 100;
/** -66 dB: a microphone that is muted by a switch gives less, a quiet room more. */
const silentBelow = 0.0005;
const silentAfterMs = 8_000;
const clippedAbove = 0.985;
const clippedTimes = 3;
const clippedWithinMs = 4_000;
/** What the meter's left end stands for. */
const quietestDb = -60;

export class Level {
  /** 0 (silence) to 1 (full scale), in decibels as ears hear. */
  readonly value = signal(0);
  readonly isSilent = signal(false);
  readonly isClipping = signal(false);
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #node: MediaStreamAudioSourceNode;

  constructor({ context, stream }: Pick<AudioSource, "context" | "stream">) {
    this.#node = context.createMediaStreamSource(stream);
    const analyser = context.createAnalyser();
    this.#node.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    let soundAt = performance.now();
    let clippedAt: number[] = [];
    this.#timer = setInterval(() => {
      analyser.getFloatTimeDomainData(samples);
      const now = performance.now();
      const { loudness, peak } = measure(samples);
      if (loudness >= silentBelow) soundAt = now;
      if (peak >= clippedAbove) clippedAt.push(now);
      clippedAt = clippedAt.filter((at) => now - at < clippedWithinMs);
      const db = 20 * Math.log10(Math.max(loudness, 1e-6));
      this.value.value = Math.max(0, Math.min(1, 1 - db / quietestDb));
      this.isSilent.value = now - soundAt > silentAfterMs;
      this.isClipping.value = clippedAt.length >= clippedTimes;
    }, everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#node.disconnect();
    this.value.value = 0;
    this.isSilent.value = false;
    this.isClipping.value = false;
  }
}

/** The constant offset of a cheap sound card is no sound; what is clipped is so with it. */
export function measure(samples: Float32Array): { readonly loudness: number; readonly peak: number } {
  let [sum, squares, peak] = [0, 0, 0];
  for (const sample of samples) {
    sum += sample;
    squares += sample * sample;
    peak = Math.max(peak, Math.abs(sample));
  }
  const power = (squares - (sum * sum) / samples.length) / samples.length;
  return { loudness: Math.sqrt(Math.max(0, power)), peak };
}
