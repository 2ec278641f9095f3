/** Sound as providers write it: s16le, in base64, at a rate of their own. Pure. */
import { sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { decodeBase64 } from "../../../../schemas/wire/base64.ts";
import { samplesOf } from "../../../../schemas/wire/samples.ts";
import { RateChange } from "./rate-change.ts";

/** A turn's sound at 16 kHz. One for each turn: what the filter holds back is of that turn. */
export class TurnSound {
  #rate: { readonly hz: number; readonly change: RateChange } | undefined;

  /** @returns undefined where it is no sound. */
  take(data: string, hz: number): Int16Array | undefined {
    const bytes = decodeBase64(data);
    if (!bytes.ok || hz < 8_000 || hz > 48_000) return undefined;
    const samples = samplesOf(bytes.value);
    if (hz === sampleRateHz) return samples;
    if (this.#rate?.hz !== hz) this.#rate = { hz, change: new RateChange(hz, sampleRateHz) };
    return this.#rate.change.push(samples);
  }

  /** What is left at the turn's end. */
  flush(): Int16Array {
    const rest = this.#rate?.change.flush() ?? new Int16Array(0);
    this.#rate = undefined;
    return rest;
  }

  clear(): void {
    this.#rate = undefined;
  }
}
