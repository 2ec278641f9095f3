/**
 * The words of a piece that was heard whole, given to the parts in which it was heard again: a model hears a word better with what is
 * said around it, and only the parts say who spoke. Each word goes where its like was heard (the fewest edits over words), so that
 * none is said twice. A part that was heard otherwise keeps its own words. Pure.
 */

/** A sentence ends here: who says the next word may be somebody else. */
const endsSentence = /[.?!…]["'”’)]*$/u;

interface PartWord {
  readonly plain: string;
  readonly part: number;
}

/** @param parts what was heard in each, in order. @returns what is said in each. */
export function spreadWords(whole: string, parts: readonly string[]): string[] {
  const heard = wordsOf(whole);
  const own = parts.flatMap((text, part) => wordsOf(text).map((word) => ({ plain: plainOf(word), part })));
  const plain = heard.map(plainOf);
  const pairs = pairsOf(plain, own);
  const owners = ownersOf(heard, pairs, own);
  return parts.map((text, part) => {
    const given = heard.filter((_, n) => owners[n] === part);
    const same = pairs.filter((at, n) => at !== undefined && own[at]?.part === part && own[at].plain === plain[n]);
    const most = Math.max(given.length, own.filter((word) => word.part === part).length);
    return given.length > 0 && same.length * 2 >= most ? given.join(" ") : text;
  });
}

function wordsOf(text: string): string[] {
  return text.split(/\s+/u).filter((word) => word !== "");
}

/** Without case and punctuation, of which a model puts more where it hears more. */
function plainOf(word: string): string {
  return word.toLowerCase().replaceAll(/[^\p{L}\p{M}\p{N}]+/gu, "");
}

/** @returns for each word that was heard the place of the one of a part that it stands for; undefined where there is none. */
function pairsOf(heard: readonly string[], own: readonly PartWord[]): (number | undefined)[] {
  const width = own.length + 1;
  const cost = new Uint32Array((heard.length + 1) * width);
  const at = (i: number, j: number): number => cost[i * width + j] ?? 0;
  const change = (i: number, j: number): number => (heard[i - 1] === own[j - 1]?.plain ? 0 : 1);
  for (let i = 0; i <= heard.length; i += 1) {
    for (let j = 0; j <= own.length; j += 1) {
      const least = Math.min(at(i - 1, j - 1) + change(i, j), at(i - 1, j) + 1, at(i, j - 1) + 1);
      cost[i * width + j] = i === 0 || j === 0 ? i + j : least;
    }
  }
  const pairs: (number | undefined)[] = heard.map(() => undefined);
  for (let i = heard.length, j = own.length; i > 0 && j > 0;) {
    const isPair = at(i, j) === at(i - 1, j - 1) + change(i, j);
    const isOwnAlone = !isPair && at(i, j) === at(i, j - 1) + 1;
    if (isPair) pairs[i - 1] = j - 1;
    if (!isOwnAlone) i -= 1;
    if (isPair || isOwnAlone) j -= 1;
  }
  return pairs;
}

/** Whose each word is. One without its like is with those before it, or with those behind it where a sentence ends between. */
function ownersOf(
  heard: readonly string[],
  pairs: readonly (number | undefined)[],
  own: readonly PartWord[],
): (number | undefined)[] {
  const owners = pairs.map((at) => (at === undefined ? undefined : own[at]?.part));
  for (let n = 0; n < heard.length; n += 1) {
    if (owners[n] !== undefined) continue;
    const before = n === 0 ? undefined : owners[n - 1];
    const after = owners.slice(n).find((part) => part !== undefined);
    const isNext = before === undefined || (after !== undefined && endsSentence.test(heard[n - 1] ?? ""));
    owners[n] = isNext ? after : before;
  }
  return owners;
}
