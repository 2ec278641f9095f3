/**
 * The words of a text as they are looked for: lower case, without accents, each as its stem, so that "decided" finds "deciding". What
 * is kept and what is asked go through the same steps. For English; words of other languages are found as they are spelt. Pure.
 */

/** Words that say nothing of what is looked for. */
const emptyWords = new Set(
  (
    "a about above after again all also am an and any are as at be because been before being but by can could did do does doing " +
    "done down each else ever every few for from further get got had has have having he her here hers him his how i if in into is it " +
    "its itself just let like lot made make many may me might more most much must my no nor not now of off ok okay on once one only " +
    "or other our ours out over own please said same say says she should so some such tell than that the their theirs them then " +
    "there these they thing this those through to too under until up us very was we well were what when where which while who whom " +
    "whose why will with would yes yet you your yours um uh hmm really going go went come came know think talk talked talking " +
    "mention mentioned meeting meetings discuss discussed anyone anybody someone somebody people"
  ).split(" "),
);

const irregular: Readonly<Record<string, string>> = Object.fromEntries(
  (
    "bought buy brought bring built build began begin chose choose chosen choose found find forgot forget gave give given give held " +
    "hold kept keep left leave lost lose met meet paid pay ran run sent send sold sell burnt burn hurt hurt drove drive spent spend spoke speak spoken speak taught " +
    "teach took take taken take thought think told tell won win wrote write written write broke break broken break grew grow fell " +
    "fall felt feel drew draw led lead shown show children child men man women woman"
  )
    .split(" ")
    .flatMap((word, index, all) => (index % 2 === 0 ? [[word, all[index + 1] ?? word]] : [])),
);

const numbers: Readonly<Record<string, string>> = Object.fromEntries(
  "zero two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
    .split(" ")
    .map((word, index) => [word, String(index === 0 ? 0 : index + 1)])
    .concat(
      "twenty thirty forty fifty sixty seventy eighty ninety"
        .split(" ")
        .map((word, tens) => [word, String(tens * 10 + 20)]),
    ),
);

/** Every word's stem, in order. */
export function stemsOf(text: string): string[] {
  return rawWords(text).map(stemOf);
}

/** The stems that a question is about, each once; at most `most`. */
export function askedStems(text: string, most = 12): string[] {
  const asked = rawWords(text).filter((word) => !emptyWords.has(word));
  return [...new Set(asked.map(stemOf))].slice(0, most);
}

/** Those whose name, or a part of it, stands in a text. */
export function namedIn(text: string, names: readonly string[]): string[] {
  const asked = new Set(stemsOf(text));
  return names.filter((name) => stemsOf(name).some((part) => part.length > 2 && asked.has(part)));
}

function rawWords(text: string): string[] {
  const plain = text
    .normalize("NFKD")
    .replaceAll(/\p{M}+/gu, "")
    .toLowerCase()
    .replaceAll(/['’]s\b/g, "")
    .replaceAll(/['’]/g, "");
  // Digits that belong to one number are one word: 12,500 and 3.5.
  return plain.replaceAll(/(\d)[,](?=\d{3}\b)/g, "$1").match(/\d+(?:\.\d+)?|[\p{L}\p{N}]+/gu) ?? [];
}

function stemOf(word: string): string {
  const known = numbers[word] ?? irregular[word];
  if (known !== undefined) return withoutEnding(known);
  return withoutEnding(word);
}

const endings: readonly (readonly [RegExp, string])[] = [
  [/^(.{2,})ies$/, "$1y"],
  [/^(.{2,}(?:ss|sh|ch|x|z))es$/, "$1"],
  [/^(.{2,}[^su])s$/, "$1"],
];

function withoutEnding(word: string): string {
  if (word.length < 4 || !/^[a-z]+$/.test(word)) return word;
  let stem = word;
  for (const [ending, left] of endings) {
    if (!ending.test(stem)) continue;
    stem = stem.replace(ending, left);
    break;
  }
  const verb = /^(.*[aeiouy].*)(?:ing|ed)$/.exec(stem)?.[1];
  if (verb !== undefined && verb.length >= 3) stem = verb.replace(/([bdfgmnprt])\1$/, "$1");
  const adverb = /^(.{4,})ly$/.exec(stem)?.[1];
  if (adverb !== undefined) stem = adverb;
  if (stem.length > 3) stem = stem.replace(/e$/, "").replace(/(?<=[^aeiou])y$/, "i");
  return stem;
}
