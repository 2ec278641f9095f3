/**
 * Looks at what averaging the channels of a source does to its sound (C7): those that cancel each other out become silence, and one
 * that speaks among silent ones becomes quiet. Pure; says one thing, once: as soon as it is sure, and at the end of a source too short
 * for that. Cancelling is judged by the last seconds, since it may begin at any time; that nobody else speaks, by all there was.
 */
import type { PcmBlock } from "./pcm-block.ts";

export type ChannelFault =
  /** Channels are each other's opposite: the mean of all is next to nothing. This one has sound, counted from 1. */
  | { readonly kind: "cancel"; readonly channel: number }
  /** Of several channels this one alone has sound, counted from 1; the mean is quieter by `lossDb`. */
  | { readonly kind: "lone"; readonly channel: number; readonly lossDb: number };

/** Sound is judged over so many seconds of it, so that a word at the edge decides nothing. */
const judgedSeconds = 5;
/** One channel may have the word for so long; then it is looked at again whenever there was twice as much sound. */
const loneSeconds = 120;
/** A plug that is put in is no sound of a channel, nor is what comes once in minutes. */
const chanceSeconds = (soundSeconds: number): number => (soundSeconds < 10 ? 0 : 2 + soundSeconds / 500);
/** Power about the mean below which a second is no sound: −55 dBFS. */
const silentPower = 10 ** -5.5;
/** The mean of two has less than this share of their power, 15 dB below it; of more, which add up to less by themselves, as much less. */
const cancelledShare = 10 ** -1.5;
/** A begun second at the source's end counts from so much of it on. */
const leastShare = 0.1;

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
  /** Of the last seconds with sound. */
  readonly #powers: number[];
  /** Of all of them. */
  readonly #allPowers: number[];
  /** In how many a channel had sound. */
  readonly #heardSeconds: number[];
  #allSoundSeconds = 0;
  #loneAt = loneSeconds;
  #isOver: boolean;

  constructor({ sampleRate, channels }: { readonly sampleRate: number; readonly channels: number }) {
    this.#channels = channels;
    this.#secondFrames = sampleRate;
    this.#tallies = newTallies(channels + 1);
    this.#powers = Array.from({ length: channels + 1 }, () => 0);
    this.#allPowers = Array.from({ length: channels + 1 }, () => 0);
    this.#heardSeconds = Array.from({ length: channels }, () => 0);
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
    const cancelled = this.#soundSeconds < judgedSeconds ? undefined : this.#cancelled();
    if (cancelled || this.#allSoundSeconds < this.#loneAt) return cancelled;
    this.#loneAt = 2 * this.#allSoundSeconds;
    return this.#lone();
  }

  /** No more comes for now. @returns what is wrong, where there was too little to say so before. */
  end(): ChannelFault | undefined {
    if (this.#isOver) return undefined;
    if (this.#frames >= this.#secondFrames * leastShare) this.#endSecond();
    const cancelled = this.#soundSeconds === 0 ? undefined : this.#cancelled();
    return cancelled ?? (this.#allSoundSeconds === 0 ? undefined : this.#lone());
  }

  #endSecond(): void {
    // About the mean: a constant offset is no sound.
    const powers = this.#tallies.map(({ sum, squares }) => squares / this.#frames - (sum / this.#frames) ** 2);
    this.#tallies = newTallies(this.#channels + 1);
    this.#frames = 0;
    if (Math.max(...powers.slice(0, -1)) < silentPower) return;
    this.#soundSeconds += 1;
    this.#allSoundSeconds += 1;
    for (const [index, power] of powers.entries()) {
      this.#powers[index] = (this.#powers[index] ?? 0) + power;
      this.#allPowers[index] = (this.#allPowers[index] ?? 0) + power;
      if (index < this.#channels && power >= silentPower)
        this.#heardSeconds[index] = (this.#heardSeconds[index] ?? 0) + 1;
    }
  }

  /** Judges the last seconds, and begins anew. */
  #cancelled(): ChannelFault | undefined {
    const each = this.#powers.slice(0, -1);
    const mixed = this.#powers.at(-1) ?? 0;
    const heard = each.filter((power) => power >= silentPower * this.#soundSeconds);
    const mean = each.reduce((sum, power) => sum + power, 0) / each.length;
    this.#powers.fill(0);
    this.#soundSeconds = 0;
    if (heard.length < 2 || mixed * each.length >= mean * cancelledShare * 2) return undefined;
    this.#isOver = true;
    return { kind: "cancel", channel: each.indexOf(Math.max(...each)) + 1 };
  }

  #lone(): ChannelFault | undefined {
    const each = this.#allPowers.slice(0, -1);
    const loudest = Math.max(...each);
    const chance = chanceSeconds(this.#allSoundSeconds);
    const heard = this.#heardSeconds.filter((seconds) => seconds > chance);
    if (heard.length !== 1) return undefined;
    this.#isOver = true;
    const mixed = Math.max(this.#allPowers.at(-1) ?? 0, Number.MIN_VALUE);
    // Of the one that speaks; what the others had by chance counts for nothing.
    const channel = this.#heardSeconds.indexOf(Math.max(...this.#heardSeconds)) + 1;
    return { kind: "lone", channel, lossDb: Math.round(10 * Math.log10(loudest / mixed)) };
  }
}

const newTallies = (count: number): Tally[] => Array.from({ length: count }, () => ({ sum: 0, squares: 0 }));

function note(tally: Tally | undefined, value: number): void {
  if (!tally || !Number.isFinite(value)) return;
  tally.sum += value;
  tally.squares += value * value;
}
