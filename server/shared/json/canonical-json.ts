/** One text for one JSON value, whoever wrote it: what is compared by digest is compared by value (SPEC U6). Pure. */

/** @param value of JSON, nested no deeper than `maxJsonLevels`. Fields that are undefined count as absent. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, field: unknown) => (isObject(field) ? sorted(field) : field));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sorted(fields: object): object {
  return Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
