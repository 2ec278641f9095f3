/**
 * Word errors: the fewest substitutions, deletions and insertions that make the words that were said into those that were heard
 * (Levenshtein's distance over words). Of several ways with as few, one with the most words kept in place is told. Pure.
 */

/** One place of an alignment. `heard` undefined: it was left out; `said` undefined: nobody said it. */
export interface Pair {
  readonly said: string | undefined;
  readonly heard: string | undefined;
}

export interface WordErrors {
  /** Of the truth. */
  readonly words: number;
  readonly substitutions: number;
  readonly deletions: number;
  readonly insertions: number;
}

export function countErrors(pairs: readonly Pair[]): WordErrors {
  const count = (isOne: (pair: Pair) => boolean): number => pairs.filter(isOne).length;
  return {
    words: count(({ said }) => said !== undefined),
    substitutions: count(({ said, heard }) => said !== undefined && heard !== undefined && said !== heard),
    deletions: count(({ heard }) => heard === undefined),
    insertions: count(({ said }) => said === undefined),
  };
}

export function sumOf(all: readonly WordErrors[]): WordErrors {
  const sum = (of: (each: WordErrors) => number): number => all.reduce((total, each) => total + of(each), 0);
  return {
    words: sum(({ words }) => words),
    substitutions: sum(({ substitutions }) => substitutions),
    deletions: sum(({ deletions }) => deletions),
    insertions: sum(({ insertions }) => insertions),
  };
}

/** Errors by words of the truth; above 1 where more was invented than said. Where nobody spoke, each invented word is one. */
export function wordErrorRate({ words, substitutions, deletions, insertions }: WordErrors): number {
  return (substitutions + deletions + insertions) / Math.max(1, words);
}

export function alignWords(said: readonly string[], heard: readonly string[]): Pair[] {
  const width = heard.length + 1;
  const cost = new Uint32Array((said.length + 1) * width);
  const at = (i: number, j: number): number => cost[i * width + j] ?? 0;
  for (let i = 0; i <= said.length; i++) {
    for (let j = 0; j <= heard.length; j++) {
      if (i === 0 || j === 0) cost[i * width + j] = i + j;
      else {
        const kept = at(i - 1, j - 1) + (said[i - 1] === heard[j - 1] ? 0 : 1);
        cost[i * width + j] = Math.min(kept, at(i - 1, j) + 1, at(i, j - 1) + 1);
      }
    }
  }
  const pairs: Pair[] = [];
  for (let i = said.length, j = heard.length; i > 0 || j > 0;) {
    const isPair = i > 0 && j > 0 && at(i, j) === at(i - 1, j - 1) + (said[i - 1] === heard[j - 1] ? 0 : 1);
    const isDeleted = !isPair && i > 0 && at(i, j) === at(i - 1, j) + 1;
    pairs.push({ said: isPair || isDeleted ? said[i - 1] : undefined, heard: isDeleted ? undefined : heard[j - 1] });
    if (isPair || isDeleted) i -= 1;
    if (!isDeleted) j -= 1;
  }
  return pairs.toReversed();
}
