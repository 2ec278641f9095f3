/** Whether somebody speaks in a track's audio: 20 ms frames that are well above its noise. Pure; its memory is a few numbers. */
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";

const frameSamples = sampleRateHz / 50;
/** Root mean square of s16 samples below which nothing is voice. */
const minLoudness = 120;
const [minFloor, maxFloor] = [10, 2_000];
/** How far above the noise voice is: 10 dB. */
const aboveFloor = 3.2;
/** The floor falls quickly to what is quieter, and rises by a factor of 2 in five seconds. */
const [fall, rise] = [0.3, 1.003];
const firstFloor = 30;

export class VoiceWatch {
  #floor = firstFloor;
  #sum = 0;
  #count = 0;

  /** @returns how many frames that these samples complete are voice, and how many there are. */
  push(samples: Int16Array): { readonly voiced: number; readonly frames: number } {
    let voiced = 0;
    let frames = 0;
    for (const sample of samples) {
      this.#sum += sample * sample;
      this.#count += 1;
      if (this.#count < frameSamples) continue;
      const loudness = Math.sqrt(this.#sum / frameSamples);
      if (loudness > Math.max(minLoudness, this.#floor * aboveFloor)) voiced += 1;
      const moved = loudness < this.#floor ? this.#floor + (loudness - this.#floor) * fall : this.#floor * rise;
      this.#floor = Math.min(maxFloor, Math.max(minFloor, moved));
      frames += 1;
      this.#sum = this.#count = 0;
    }
    return { voiced, frames };
  }
}
