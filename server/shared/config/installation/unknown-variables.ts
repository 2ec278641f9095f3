/** Variables of the environment that look like the gateway's and are not: a misspelt one would be ignored without a word. */

/** Beginnings that other programs do not use. */
const ownBeginnings =
  /^(WEBHOOK|RETENTION|INFERENCE|RESOLVE|JWT|ALLOWED_ORIGIN|AUTO_FINALIZE|CATCH_UP|AUDIO_QUOTA|TRACK_STALL)/i;
/** Below it, another word is soon only two letters away. */
const leastLength = 8;
const mostEdits = 2;

/** @param known names that are read. @returns a sentence for each that is not, in the order of their names. */
export function unknownVariables(
  env: Readonly<Record<string, string | undefined>>,
  known: readonly string[],
): string[] {
  return Object.keys(env)
    .filter((name) => env[name] !== "" && !known.includes(name))
    .toSorted()
    .flatMap((name) => {
      const meant = meantBy(name, known);
      if (meant === undefined && !ownBeginnings.test(name)) return [];
      const hint = meant === undefined ? "The variables are in docs/reference.md" : `Did you mean ${meant}`;
      return [`${name} is no variable of the gateway and is ignored. ${hint}${meant === undefined ? "." : "?"}`];
    });
}

/** The name that was probably meant; undefined where none is near. */
export function meantBy(given: string, known: readonly string[]): string | undefined {
  const name = given.toUpperCase();
  if (name.length < leastLength) return undefined;
  const near = known
    // Each letter that one has more is an edit.
    .filter(({ length }) => Math.abs(length - name.length) <= mostEdits)
    .map((candidate) => ({ candidate, edits: editsBetween(name, candidate) }))
    .filter(({ edits }) => edits <= mostEdits)
    .toSorted((a, b) => a.edits - b.edits);
  return near[0]?.candidate ?? known.find((one) => one.startsWith(`${name}_`) || name.startsWith(`${one}_`));
}

/** Letters to change, add, leave out or swap with their neighbour. */
function editsBetween(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const change = (rows[i - 1]?.[j - 1] ?? 0) + same;
      const swap = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? (rows[i - 2]?.[j - 2] ?? Infinity) + 1 : Infinity;
      row.push(Math.min(change, (rows[i - 1]?.[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, swap));
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? Infinity;
}
