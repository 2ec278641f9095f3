/**
 * Looks at what averaging the channels of a source does to its sound: two that cancel each other out become silence, and one that
 * speaks among silent ones becomes quiet. Pure; says each thing once.
 */
import type { PcmBlock } from "./pcm-block.ts";

export type ChannelFault =
  /** The channels are each other's opposite: their mean is next to nothing. */
  | { readonly kind: "cancel" }
  /** Of several channels this one alone has sound, counted from 1; the mean is quieter by `lossDb`. */
  | { readonly kind: "lone"; readonly channel: number; readonly lossDb: number };

/** Sound is judged over so many seconds of it, so that a word at the edge decides nothing. */
const judgedSeconds = 5;
/** Power about the mean below which a second is no sound: −55 dBFS. */
const silentPower = 10 ** -5.5;
/** The mean has less than this share of its channels' power: 15 dB below it. */
const cancelledShare = 10 ** -1.5;

interface Tally {
  sum: number;
  squares: number;
}

export class ChannelWatch {
  readonly #channels: number;
  readonly #secondFrames: number;
  /** One for each channel, and the last for their mean. */
  #tallies: Tally[];
  #frames = 0;
  #soundSeconds = 0;
  readonly #powers: number[];
  #isOver: boolean;

  constructor({ sampleRate, channels }: { readonly sampleRate: number; readonly channels: number }) {
    this.#channels = channels;
    this.#secondFrames = sampleRate;
    this.#tallies = newTallies(channels + 1);
    this.#powers = Array.from({ length: channels + 1 }, () => 0);
    this.#isOver = channels < 2;
  }

  /** @param block whole sample frames. @returns what is wrong, once enough was heard to say so. */
  hear(block: PcmBlock): ChannelFault | undefined {
    if (this.#isOver) return undefined;
    const scale = block instanceof Int16Array ? 1 / 32_768 : 1;
    for (let at = 0; at + this.#channels <= block.length; at += this.#channels) {
      let sum = 0;
      for (let channel = 0; channel < this.#channels; channel += 1) {
        const value = (block[at + channel] ?? 0) * scale;
        sum += value;
        note(this.#tallies[channel], value);
      }
      note(this.#tallies[this.#channels], sum / this.#channels);
      this.#frames += 1;
      if (this.#frames === this.#secondFrames) this.#endSecond();
    }
    return this.#soundSeconds < judgedSeconds ? undefined : this.#judge();
  }

  #endSecond(): void {
    // About the mean: a constant offset is no sound.
    const powers = this.#tallies.map(({ sum, squares }) => squares / this.#frames - (sum / this.#frames) ** 2);
    this.#tallies = newTallies(this.#channels + 1);
    this.#frames = 0;
    if (Math.max(...powers.slice(0, -1)) < silentPower) return;
    this.#soundSeconds += 1;
    for (const [index, power] of powers.entries()) this.#powers[index] = (this.#powers[index] ?? 0) + power;
  }

  #judge(): ChannelFault | undefined {
    this.#isOver = true;
    const each = this.#powers.slice(0, -1).map((power) => power / this.#soundSeconds);
    const mixed = (this.#powers.at(-1) ?? 0) / this.#soundSeconds;
    const loudest = Math.max(...each);
    const heard = each.filter((power) => power >= silentPower);
    if (heard.length === 1)
      return {
        kind: "lone",
        channel: each.indexOf(loudest) + 1,
        lossDb: Math.round(10 * Math.log10(loudest / Math.max(mixed, Number.MIN_VALUE))),
      };
    const mean = each.reduce((sum, power) => sum + power, 0) / each.length;
    return mixed < mean * cancelledShare && heard.length === 2 ? { kind: "cancel" } : undefined;
  }
}

const newTallies = (count: number): Tally[] => Array.from({ length: count }, () => ({ sum: 0, squares: 0 }));

function note(tally: Tally | undefined, value: number): void {
  if (!tally || !Number.isFinite(value)) return;
  tally.sum += value;
  tally.squares += value * value;
}
