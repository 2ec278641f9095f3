/** Sound as providers write it: s16le, in base64, at a rate of their own. Pure. */
import { bytesPerSample, sampleRateHz } from "../../../../schemas/wire/audio.ts";
import { decodeBase64 } from "../../../../schemas/wire/base64.ts";
import { RateChange } from "./rate-change.ts";

export function samplesOf(bytes: Uint8Array): Int16Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = Math.floor(bytes.byteLength / bytesPerSample);
  return Int16Array.from({ length: count }, (_, index) => view.getInt16(index * bytesPerSample, true));
}

export function bytesOf(samples: Int16Array): Uint8Array<ArrayBuffer> {
  const bytes = new DataView(new ArrayBuffer(samples.length * bytesPerSample));
  for (const [index, sample] of samples.entries()) bytes.setInt16(index * bytesPerSample, sample, true);
  return new Uint8Array(bytes.buffer);
}

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
