/**
 * Who introduces themself in a piece of transcript. Only a name of the roster counts: "this is important" is no
 * introduction, and a name nobody expects is reported, not believed. English only.
 */

export interface Introduction {
  /** As it was said. */
  readonly said: string;
  /** As the roster writes it; undefined without a match. */
  readonly rosterName: string | undefined;
  /** Said of oneself, so that it is the speaker who is named. */
  readonly strong: boolean;
}

/** A phrase that a name follows. */
interface Phrase {
  readonly pattern: RegExp;
  /** What stands before it where it names nobody, or somebody else. */
  readonly spoiledBy: RegExp;
  /** What stands before it where nobody but the speaker can be meant. */
  readonly strongAfter: RegExp;
  /** Whether a name always follows: then one that the roster doesn't know is worth reporting. */
  readonly alwaysNames: boolean;
}

const anything = /$/u;
const never = /(?!)/u;
const phrases: readonly Phrase[] = [
  { pattern: /\bmy name(?:'s| is) /gu, spoiledBy: never, strongAfter: anything, alwaysNames: true },
  {
    pattern: /\bi(?:'m| am) /gu,
    // "if I am Bob", "she thinks I'm Alice"
    spoiledBy: /\b(?:if|like|says?|said|thinks?|thought|suppose|where|when|while|because|but|that)\s+$/u,
    strongAfter: anything,
    alwaysNames: false,
  },
  {
    pattern: /\bthis is /gu,
    // "and this is Callum", "I said this is Callum"
    spoiledBy: /\b(?:and|if|like|says?|said|thinks?|thought|suppose|because|but|that)\s+$/u,
    strongAfter: /(?:^|[.!?,;:-]|\b(?:hi|hello|hey|morning|afternoon|evening|everyone|everybody|all|yes|so|well))\s*$/u,
    alwaysNames: false,
  },
];

/** Names that are words too: believed in lower case only after "my name is". */
const everydayWords = new Set(
  "will mark frank grace may bill rich art pat hope faith joy rose dawn chase drew sunny early guy ray".split(" "),
);
/** A name goes on, or something of theirs follows: "this is Callum's desk", "I am Bob's manager". */
const afterName = /^(?![\p{L}\p{N}'-])/u;
const firstWord = /^[\p{L}\p{N}'-]*/u;
/** More than the longest word of a phrase's `spoiledBy` and `strongAfter`, with what stands before it. */
const longestWordBefore = 16;
const capitalWord = /^\p{Lu}[\p{L}'-]{2,40}/u;
const oneWord = /^[\p{L}'-]{3,}$/u;
const unknownName = /^\p{Lu}[\p{L}'-]{1,40}/u;

/** @returns undefined without an introduction, and where different people introduce themselves: the words don't say who is whose. */
export function findIntroduction(text: string, names: ExpectedNames): Introduction | undefined {
  // What is compared keeps the length of what was said, so that a place in one is a place in the other.
  const said = text.normalize("NFC").replaceAll("’", "'").replaceAll(/\s/gu, " ");
  const plain = foldKeepingLength(said);
  const found = phrases.flatMap((phrase) =>
    Array.from(plain.matchAll(phrase.pattern), (match) => nameAfter(match, phrase, { said, plain, names })),
  );
  const introductions = found.filter((introduction) => introduction !== undefined);
  const known = introductions.filter(({ rosterName }) => rosterName !== undefined);
  if (new Set(known.map(({ rosterName }) => rosterName)).size > 1) return undefined;
  return known[0] ?? introductions[0];
}

interface Heard {
  readonly said: string;
  readonly plain: string;
  readonly names: ExpectedNames;
}

function nameAfter(match: RegExpExecArray, phrase: Phrase, { said, plain, names }: Heard): Introduction | undefined {
  const before = endOf(plain.slice(0, match.index));
  if (phrase.spoiledBy.test(before)) return undefined;
  const at = match.index + match[0].length;
  const words = said.slice(at);
  const expected = names.at(plain.slice(at)) ?? names.alike(words);
  if (!expected) {
    const name = phrase.alwaysNames ? unknownName.exec(words)?.[0] : undefined;
    return name === undefined ? undefined : { said: name, rosterName: undefined, strong: false };
  }
  const name = words.slice(0, expected.spoken.length);
  if (everydayWords.has(expected.spoken) && !phrase.alwaysNames && name === name.toLowerCase()) return undefined;
  return { said: name, rosterName: expected.name, strong: phrase.strongAfter.test(before) };
}

/** The last word and the blank after it: all that is looked at before a phrase, however long the text. */
function endOf(text: string): string {
  const trimmed = text.trimEnd();
  return trimmed.slice(-longestWordBefore) + (trimmed.length < text.length ? " " : "");
}

interface Expected {
  /** Folded. */
  readonly spoken: string;
  readonly name: string;
}

/**
 * The names of a roster as they are said: full names, and first names that belong to one person only. To be made once for a
 * roster, which takes as many steps as it has names; to look for one in a text takes no more for a long roster.
 */
export class ExpectedNames {
  readonly #bySpoken = new Map<string, Expected>();
  /** By what a name begins with, the lengths of all names that do, the longest first. */
  readonly #lengths = new Map<string, number[]>();
  /** By how a name of one word sounds; undefined where several sound so. */
  readonly #bySound = new Map<string, string | undefined>();

  constructor(roster: readonly string[]) {
    const full = roster.map((name) => ({ spoken: foldKeepingLength(name.trim().normalize("NFC")), name }));
    const first = full.flatMap(({ spoken, name }) => {
      const given = spoken.split(/\s+/u)[0] ?? "";
      return given === spoken ? [] : [{ spoken: given, name }];
    });
    const owners = new Map<string, string | undefined>();
    for (const { spoken, name } of [...full, ...first]) {
      owners.set(spoken, !owners.has(spoken) || owners.get(spoken) === name ? name : undefined);
    }
    const unique = first.filter(({ spoken }) => owners.get(spoken) !== undefined);
    for (const expected of [...full, ...unique]) this.#add(expected);
    for (const { spoken, name } of [...full, ...unique].filter(({ spoken: word }) => oneWord.test(word))) {
      const sound = soundOf(spoken);
      const isShared = this.#bySound.has(sound) && this.#bySound.get(sound) !== name;
      this.#bySound.set(sound, isShared ? undefined : name);
    }
    for (const lengths of this.#lengths.values()) lengths.sort((a, b) => b - a);
  }

  /** The longest name that a folded text begins with. */
  at(text: string): Expected | undefined {
    for (const spoken of this.candidates(text)) {
      const expected = this.#bySpoken.get(spoken);
      if (expected && afterName.test(text.slice(spoken.length))) return expected;
    }
    return undefined;
  }

  /** The expected name that sounds like a text's first word: a model that hears a name can't know how it is spelled. */
  alike(text: string): Expected | undefined {
    const word = capitalWord.exec(text)?.[0];
    if (word === undefined || !afterName.test(text.slice(word.length))) return undefined;
    const spoken = foldKeepingLength(word);
    const name = this.#bySound.get(soundOf(spoken));
    return name === undefined ? undefined : { spoken, name };
  }

  /** What has to be looked up for a text: its beginnings, as long as names are that begin as it does. */
  candidates(text: string): string[] {
    const lengths = this.#lengths.get(beginningOf(text)) ?? [];
    return lengths.map((length) => text.slice(0, length));
  }

  #add(expected: Expected): void {
    const { spoken } = expected;
    if (spoken === "" || this.#bySpoken.has(spoken)) return;
    this.#bySpoken.set(spoken, expected);
    const beginning = beginningOf(spoken);
    const lengths = this.#lengths.get(beginning);
    if (!lengths) this.#lengths.set(beginning, [spoken.length]);
    else if (!lengths.includes(spoken.length)) lengths.push(spoken.length);
  }
}

/** A name ends where no character of a name follows, so that it and a text that begins with it have the same first word. */
function beginningOf(text: string): string {
  return firstWord.exec(text)?.[0] ?? "";
}

/** Lower case without accents, UTF-16 unit by unit: José is heard as jose. */
function foldKeepingLength(text: string): string {
  return text.replaceAll(/[^\0-\u{7f}]/gu, foldCharacter).replaceAll(/[A-Z]+/gu, (letters) => letters.toLowerCase());
}

function foldCharacter(character: string): string {
  const folded = character.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
  return folded.length === character.length ? folded : character;
}

/** English spellings of one sound, put into one: Callum and Calum, Sara and Sarah, Steven and Stephen. Vowels stay: Dan is not Don. */
const spellings: readonly (readonly [RegExp, string])[] = [
  [/[^\p{L}]/gu, ""],
  [/ph|v/gu, "f"],
  [/c(?=[eiy])|z/gu, "s"],
  [/ck|c|q/gu, "k"],
  [/(?<=.)h/gu, ""],
  [/(ey|ie|y)$/gu, "i"],
  [/e$/gu, ""],
  [/y/gu, "i"],
  [/(.)\1+/gu, "$1"],
];

function soundOf(folded: string): string {
  let sound = folded;
  for (const [spelling, one] of spellings) sound = sound.replaceAll(spelling, one);
  return sound;
}
