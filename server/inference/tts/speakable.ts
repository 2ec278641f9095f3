/**
 * Text as flite can say it: letters of ASCII, sentence by sentence, so that the first is heard while the next is made. What
 * has no sound (emoji, control characters, marks of SSML) is left out. Pure.
 */

/** A sentence beyond it is parted at a comma or a blank: it would keep the listener waiting. */
const longestSentence = 300;
/** More of one letter than any word has. */
const longestRun = 12;

const spelled: readonly (readonly [RegExp, string])[] = [
  [/[\u2018\u2019\u201B\u2032]/g, "'"],
  [/[\u201C-\u201F\u2033"]/g, " "],
  [/[\u2013\u2014\u2212]/g, ", "],
  [/\u2026/g, "..."],
  [/\u20AC ?(\d+(?:[.,]\d+)*)?/g, " $1 euros "],
  [/\u00A3 ?(\d+(?:[.,]\d+)*)?/g, " $1 pounds "],
  [/\u00DF/g, "ss"],
  [/[\u00E6\u00C6]/g, "ae"],
  [/[\u00F8\u00D8]/g, "o"],
];

/** @returns no sentence where nothing in it can be said. */
export function sentencesOf(text: string): string[] {
  const sentences = [...new Intl.Segmenter("en", { granularity: "sentence" }).segment(plain(text))];
  return sentences.flatMap(({ segment }) => parted(segment.trim())).filter((sentence) => /[A-Za-z0-9]/.test(sentence));
}

function plain(text: string): string {
  const isMarkup = /^\s*<(\?xml|speak)\b/i.test(text);
  let plainText = (isMarkup ? text.replaceAll(/<[^>]*>/g, " ") : text).normalize("NFC");
  for (const [what, by] of spelled) plainText = plainText.replaceAll(what, by);
  return plainText
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .replaceAll(/[^\x20-\x7E\n]/g, " ")
    .replaceAll(/(.)\1+/g, (run, letter: string) => letter.repeat(Math.min(run.length, longestRun)))
    .replaceAll(/[ \n]+/g, " ");
}

function parted(sentence: string): string[] {
  const parts: string[] = [];
  let rest = sentence;
  while (rest.length > longestSentence) {
    const head = rest.slice(0, longestSentence);
    const comma = head.lastIndexOf(", ");
    const blank = head.lastIndexOf(" ");
    const at = comma > longestSentence / 2 ? comma + 1 : blank > 0 ? blank : longestSentence;
    parts.push(rest.slice(0, at));
    rest = rest.slice(at).trimStart();
  }
  return [...parts, rest];
}
