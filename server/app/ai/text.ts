/** A text as models are given it to speak. Pure. */
import { limits } from "../../../schemas/limits.ts";

/** As providers count them: code points. */
export function charactersIn(text: string): number {
  return Array.from(text).length;
}

/** What no model could speak, and what is too much for any. @returns undefined where it may be spoken. */
export function unspeakable(text: string): string | undefined {
  const characters = charactersIn(text);
  if (characters > limits.maxSpeechCharacters) {
    return `The text has ${characters} characters, of ${limits.maxSpeechCharacters}: send it in parts.`;
  }
  return /[\p{L}\p{N}]/u.test(text) ? undefined : "The text has nothing that can be spoken: no letter and no digit.";
}
