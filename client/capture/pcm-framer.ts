/**
 * Any PCM to exact one-second frames. Samples that are 16 kHz mono Int16 already pass through untouched, to
 * the bit; everything else is mixed down, resampled and rounded.
 *
 * Knows no clock: the place of a second on the timeline is its number, and `skipTo` leaves seconds out.
 */
import { bytesPerSample, chunkBytes, chunkSamples, sampleRateHz } from "../../schemas/wire/audio.ts";
import { type ChannelFault, ChannelWatch } from "./channel-watch.ts";
import type { PcmBlock } from "./pcm-block.ts";
import { createResampler, type Resampler } from "./resampler.ts";

export interface PcmFormat {
  /** Whole Hz, 1,000 to 384,000. */
  readonly sampleRate: number;
  /** Interleaved channels. */
  readonly channels: number;
  /** The one channel that is taken, from 1 on; without it all are averaged. */
  readonly channel?: number;
}

export type { PcmBlock };

export interface Framed {
  /** 32,000 bytes, s16le. */
  readonly pcm: Uint8Array<ArrayBuffer>;
  /** Samples of silence at its end that are not the source's. */
  readonly paddingSamples: number;
}

export interface FramerListeners {
  /** Averaging the channels loses sound. Each fault is told once. */
  readonly onChannelFault?: ((fault: ChannelFault) => void) | undefined;
  /** Samples on their way into seconds, while `pendingSamples` is what lies before them. */
  readonly onSamples?: ((samples: Int16Array) => void) | undefined;
}

export class PcmFramer {
  readonly #channels: number;
  readonly #resampler: Resampler | undefined;
  #frame = new DataView(new ArrayBuffer(chunkBytes));
  #filled = 0;
  /** A sample frame cut in two by the end of a block. */
  #rest: PcmBlock | undefined;

  readonly #channel: number | undefined;

  readonly #watch: ChannelWatch | undefined;
  readonly #listeners: FramerListeners;

  constructor({ sampleRate, channels, channel }: PcmFormat, listeners: FramerListeners = {}) {
    if (!Number.isInteger(channels) || channels < 1 || channels > 32) {
      throw new RangeError(`channels must be a whole number from 1 to 32, not ${channels}`);
    }
    if (channel !== undefined && !(Number.isInteger(channel) && channel >= 1 && channel <= channels)) {
      throw new RangeError(`channel must be a whole number from 1 to ${channels}, not ${channel}`);
    }
    this.#channels = channels;
    this.#channel = channel;
    this.#listeners = listeners;
    if (listeners.onChannelFault && channel === undefined) this.#watch = new ChannelWatch({ sampleRate, channels });
    this.#resampler = sampleRate === sampleRateHz ? undefined : createResampler(sampleRate);
  }

  /** Samples of the second that is not full yet. */
  get pendingSamples(): number {
    return this.#filled;
  }

  /** @returns the seconds that this block completes. */
  push(block: PcmBlock): Framed[] {
    const whole = this.#wholeFrames(block);
    const fault = this.#watch?.hear(whole);
    if (fault) this.#listeners.onChannelFault?.(fault);
    if (!this.#resampler && this.#channels === 1 && whole instanceof Int16Array) return this.#fill(whole);
    const mono = toMono(whole, this.#channels, this.#channel);
    return this.#fill(toInt16(this.#resampler ? this.#resampler.push(mono) : mono));
  }

  /** The rest of the source, its last second filled up with silence. A new source of that format may follow. */
  flush(): Framed[] {
    // Half a sample frame is no sound.
    this.#rest = undefined;
    const fault = this.#watch?.end();
    if (fault) this.#listeners.onChannelFault?.(fault);
    const frames = this.#resampler ? this.#fill(toInt16(this.#resampler.flush())) : [];
    return this.#filled === 0 ? frames : [...frames, this.#take()];
  }

  /**
   * Ends the second under way with silence, for a gap that follows: nothing from before it must reach beyond it.
   * The few milliseconds that the resampler holds back go into this second as far as it has room.
   * @returns it, if it had begun.
   */
  cut(): Framed | undefined {
    this.#rest = undefined;
    const held = this.#resampler ? toInt16(this.#resampler.flush()) : undefined;
    if (this.#filled === 0) return undefined;
    const full = held ? this.#fill(held.subarray(0, chunkSamples - this.#filled)) : [];
    return full[0] ?? this.#take();
  }

  #wholeFrames(block: PcmBlock): PcmBlock {
    const joined = this.#rest ? concat(this.#rest, block) : block;
    const length = joined.length - (joined.length % this.#channels);
    this.#rest = length < joined.length ? joined.slice(length) : undefined;
    return joined.subarray(0, length);
  }

  #fill(samples: Int16Array): Framed[] {
    if (samples.length > 0) this.#listeners.onSamples?.(samples);
    const frames: Framed[] = [];
    for (const sample of samples) {
      this.#frame.setInt16(this.#filled * bytesPerSample, sample, true);
      this.#filled += 1;
      if (this.#filled === chunkSamples) frames.push(this.#take());
    }
    return frames;
  }

  #take(): Framed {
    const framed = { pcm: new Uint8Array(this.#frame.buffer), paddingSamples: chunkSamples - this.#filled };
    this.#frame = new DataView(new ArrayBuffer(chunkBytes));
    this.#filled = 0;
    return framed;
  }
}

/** Int16 stays Int16 if both are; a source may change its mind between blocks. */
function concat(a: PcmBlock, b: PcmBlock): PcmBlock {
  const both = a instanceof Int16Array && b instanceof Int16Array;
  const joined = both ? new Int16Array(a.length + b.length) : new Float32Array(a.length + b.length);
  joined.set(both ? a : toFloat(a));
  joined.set(both ? b : toFloat(b), a.length);
  return joined;
}

function toMono(block: PcmBlock, channels: number, channel: number | undefined): Float32Array {
  const samples = toFloat(block);
  if (channels === 1) return samples;
  const mono = new Float32Array(samples.length / channels);
  if (channel !== undefined) {
    for (let i = 0; i < mono.length; i += 1) mono[i] = samples[i * channels + channel - 1] ?? 0;
    return mono;
  }
  for (let i = 0; i < mono.length; i += 1) {
    let sum = 0;
    for (let each = 0; each < channels; each += 1) sum += samples[i * channels + each] ?? 0;
    mono[i] = sum / channels;
  }
  return mono;
}

const fullScale = 32_768;

/** A NaN or an infinity from a broken driver becomes silence here, before a filter could smear it. */
function toFloat(samples: PcmBlock): Float32Array {
  const scale = samples instanceof Int16Array ? 1 / fullScale : 1;
  const floats = new Float32Array(samples.length);
  for (let i = 0; i < floats.length; i += 1) {
    const value = (samples[i] ?? 0) * scale;
    floats[i] = Number.isFinite(value) ? value : 0;
  }
  return floats;
}

/** Rounds and clips. */
function toInt16(samples: Float32Array): Int16Array {
  const rounded = new Int16Array(samples.length);
  for (let i = 0; i < rounded.length; i += 1) {
    rounded[i] = Math.max(-fullScale, Math.min(fullScale - 1, Math.round((samples[i] ?? 0) * fullScale)));
  }
  return rounded;
}
