/** Audio of which is known where somebody speaks, and what a cutter makes of it. */
import { type Cut, Cutter, firstFloor } from "../../../../server/app/hearing/cutter.ts";
import { randomFrom } from "../../support/random.ts";

export const rate = 16_000;

export function seededRandom(seed: number): () => number {
  const next = randomFrom(seed);
  return () => next(1_000_000) / 1_000_000;
}

/** A stretch of a track. */
export interface Stretch {
  readonly isSpeech: boolean;
  readonly ms: number;
}

/** Speech as a captioner's ear has it: something louder than the noise, with dips. */
export function audioOf(stretches: readonly Stretch[], noise: number): Int16Array {
  const totalMs = stretches.reduce((sum, { ms }) => sum + ms, 0);
  const samples = new Int16Array(Math.ceil(totalMs / 1_000) * rate);
  let at = 0;
  for (const { isSpeech, ms } of stretches) {
    for (let n = 0; n < (ms * rate) / 1_000; n += 1, at += 1) {
      const hiss = ((at * 7_919) % 201) / 100 - 1;
      const voice = isSpeech ? 3_000 * Math.sin(at / 9) * (0.3 + Math.abs(Math.sin(at / 1_100))) : 0;
      samples[at] = Math.round(hiss * noise + voice);
    }
  }
  return samples;
}

export const bytesOf = (samples: Int16Array, seq: number): Uint8Array =>
  new Uint8Array(samples.buffer, (seq - 1) * rate * 2, rate * 2);

export function cutAll(samples: Int16Array, cutter = new Cutter(0, firstFloor)): Cut[] {
  const cuts: Cut[] = [];
  const take = (isEnd: boolean): void => {
    for (let cut = cutter.next(isEnd); cut; cut = cutter.next(isEnd)) cuts.push(cut);
  };
  for (let seq = 1; seq <= samples.length / rate; seq += 1) {
    cutter.push(bytesOf(samples, seq));
    take(false);
  }
  take(true);
  return cuts;
}

export function someStretches(random: () => number): Stretch[] {
  return Array.from({ length: 3 + Math.floor(random() * 6) }, (_, n) => {
    const isSpeech = n % 2 === 1;
    return { isSpeech, ms: isSpeech ? 400 + Math.floor(random() * 15_000) : 1_200 + Math.floor(random() * 5_000) };
  });
}
