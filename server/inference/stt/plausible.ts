/** Whether words were said at all: a model that was trained on speech finds some in anything. Pure. */
import type { Heard } from "./moonshine.ts";
import { doubt } from "./tuning.ts";

/** @param probability mean probability that there is speech, by the detector. */
export function isPlausible({ text, logProb }: Heard, probability: number): boolean {
  if (!/[\p{L}\p{N}]/u.test(text)) return false;
  if (logProb < (probability < doubt.faintSpeech ? doubt.leastLogProbOfFaint : doubt.leastLogProb)) return false;
  return !repeatsItself(text);
}

/** Up to four words, said over and over. */
function repeatsItself(text: string): boolean {
  const words = text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
  for (let length = 1; length <= 4; length++) {
    let run = 0;
    for (let i = length; i < words.length; i++) {
      run = words[i] === words[i - length] ? run + 1 : 0;
      if (run >= length * doubt.maxRepeats) return true;
    }
  }
  return false;
}
