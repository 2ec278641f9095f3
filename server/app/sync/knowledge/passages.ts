/** A text in passages that a reader takes in at once: cut between paragraphs, else sentences, else words. Pure. */
export interface Passage {
  /** In UTF-16 units of the text, as JavaScript counts. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const goodChars = 500;
const mostChars = 900;

export function passagesOf(text: string): Passage[] {
  const passages: Passage[] = [];
  let start = 0;
  while (start < text.length) {
    const end = endOf(text, start);
    const piece = text.slice(start, end);
    const from = start + (piece.length - piece.trimStart().length);
    const to = start + piece.trimEnd().length;
    if (to > from) passages.push({ start: from, end: to, text: text.slice(from, to) });
    start = end;
  }
  return passages;
}

function endOf(text: string, start: number): number {
  const rest = text.slice(start, start + mostChars);
  const paragraph = /\n\s*\n/.exec(rest);
  if (paragraph && paragraph.index > 0 && paragraph.index <= mostChars)
    return start + paragraph.index + paragraph[0].length;
  if (rest.length < mostChars) return text.length;
  const cut = lastOf(rest, /[.!?…]["'”’)\]]*\s/g) ?? lastOf(rest, /\s/g);
  const end = start + (cut ?? mostChars);
  // Never between the halves of one character.
  return /[\uD800-\uDBFF]/.test(text[end - 1] ?? "") ? end - 1 : end;
}

/** Where the last match that makes a good passage ends. */
function lastOf(text: string, pattern: RegExp): number | undefined {
  const ends = [...text.matchAll(pattern)].map(({ index, 0: found }) => index + found.length);
  return ends.findLast((end) => end >= goodChars) ?? ends.at(-1);
}
