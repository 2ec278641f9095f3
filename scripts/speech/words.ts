/**
 * A text as the words that are scored. What two writers of the same speech may spell differently is made one: upper and lower
 * case, punctuation, hyphens, accents, the kind of apostrophe, "%", and whole numbers below a million, which become words ("21"
 * and "twenty-one" are "twenty one"). Everything else counts, also "okay" for "OK" and "I'm" for "I am". Pure.
 */

const small = [
  ..."zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen".split(" "),
  ..."seventeen eighteen nineteen".split(" "),
];
const tens = ["", "", ..."twenty thirty forty fifty sixty seventy eighty ninety".split(" ")];
const spelledBelow = 1_000_000;

export function wordsOf(text: string): string[] {
  return text
    .normalize("NFKD")
    .replaceAll(/\p{M}/gu, "")
    .toLowerCase()
    .replaceAll(/[\u2018\u2019\u02bc]/g, "'")
    .replaceAll("%", " percent ")
    .replaceAll(/(?<=\d),(?=\d{3}(?!\d))/g, "")
    .replaceAll(/\d+/g, (digits) => (isSpelled(digits) ? ` ${spelled(Number(digits))} ` : digits))
    .replaceAll(/[^\p{L}\p{N}']+/gu, " ")
    .split(" ")
    .map((word) => word.replaceAll(/^'+|'+$/g, ""))
    .filter((word) => word !== "");
}

/** "007" is a name, not a number. */
function isSpelled(digits: string): boolean {
  return Number(digits) < spelledBelow && (digits === "0" || !digits.startsWith("0"));
}

function spelled(value: number): string {
  if (value < small.length) return small[value] ?? "";
  if (value < 100) return joined(tens[Math.trunc(value / 10)] ?? "", value % 10);
  if (value < 1_000) return joined(`${spelled(Math.trunc(value / 100))} hundred`, value % 100);
  return joined(`${spelled(Math.trunc(value / 1_000))} thousand`, value % 1_000);
}

function joined(head: string, rest: number): string {
  return rest === 0 ? head : `${head} ${spelled(rest)}`;
}
