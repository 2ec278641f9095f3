/** A text that is to fit a bound, cut between characters: half of a surrogate pair is no text, and what stores UTF-8 refuses or garbles it. */

/** @param max UTF-16 code units, as bounds of the contract count. @returns at most so much of the text's beginning. */
export function beginningOf(text: string, max: number): string {
  const isCutInPair = text.length > max && /[\uD800-\uDBFF]/.test(text.charAt(max - 1));
  return text.slice(0, isCutInPair ? max - 1 : max);
}
