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
const unknownName = /^\p{Lu}[\p{L}'-]{1,40}/u;

/**
 * @param roster the names that are expected.
 * @returns undefined without an introduction, and where different people of the roster introduce themselves: the
 *   words don't say which voice is whose.
 */
export function findIntroduction(text: string, roster: readonly string[]): Introduction | undefined {
  // What is compared keeps the length of what was said, so that a place in one is a place in the other.
  const said = text.normalize("NFC").replaceAll("’", "'").replaceAll(/\s/gu, " ");
  const plain = foldKeepingLength(said);
  const names = namesToListenFor(roster);
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
  readonly names: readonly Expected[];
}

function nameAfter(match: RegExpExecArray, phrase: Phrase, { said, plain, names }: Heard): Introduction | undefined {
  const before = plain.slice(0, match.index);
  if (phrase.spoiledBy.test(before)) return undefined;
  const at = match.index + match[0].length;
  const rest = plain.slice(at);
  const expected = names.find(({ spoken }) => rest.startsWith(spoken) && afterName.test(rest.slice(spoken.length)));
  const words = said.slice(at);
  if (!expected) {
    const name = phrase.alwaysNames ? unknownName.exec(words)?.[0] : undefined;
    return name === undefined ? undefined : { said: name, rosterName: undefined, strong: false };
  }
  const name = words.slice(0, expected.spoken.length);
  if (everydayWords.has(expected.spoken) && !phrase.alwaysNames && name === name.toLowerCase()) return undefined;
  return { said: name, rosterName: expected.name, strong: phrase.strongAfter.test(before) };
}

interface Expected {
  /** Folded. */
  readonly spoken: string;
  readonly name: string;
}

/** Full names first, then first names that belong to one person only. */
function namesToListenFor(roster: readonly string[]): Expected[] {
  const full = roster.map((name) => ({ spoken: foldKeepingLength(name.trim().normalize("NFC")), name }));
  const first = full.flatMap(({ spoken, name }) => {
    const given = spoken.split(/\s+/u)[0] ?? "";
    return given === spoken ? [] : [{ spoken: given, name }];
  });
  const unique = first.filter(
    ({ spoken, name }) => ![...full, ...first].some((other) => other.spoken === spoken && other.name !== name),
  );
  const usable = [...full, ...unique].filter(({ spoken }) => spoken !== "");
  return usable.toSorted((a, b) => b.spoken.length - a.spoken.length);
}

/** Lower case without accents, UTF-16 unit by unit: José is heard as jose. */
function foldKeepingLength(text: string): string {
  return Array.from(text, (character) => {
    const folded = character.normalize("NFD").replaceAll(/\p{M}/gu, "").toLowerCase();
    return folded.length === character.length ? folded : character;
  }).join("");
}
