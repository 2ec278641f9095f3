/**
 * How deep a JSON value nests. `JSON.parse` reads any depth, but most of what is done with a value later (writing it, handing
 * it to a room) recurses, and runs out of stack some thousand levels down. Pure; itself without recursion.
 */

/** @returns whether a map or list lies in more than `maxLevels` − 1 others. */
export function isNestedDeeper(value: unknown, maxLevels: number): boolean {
  let level = [value].filter(isContainer);
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > maxLevels) return true;
    level = level.flatMap((container) => Object.values(container).filter(isContainer));
  }
  return false;
}

function isContainer(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
