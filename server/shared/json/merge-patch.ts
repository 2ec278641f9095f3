/** JSON Merge Patch (RFC 7396). Pure: neither value is changed. */

type Fields = Readonly<Record<string, unknown>>;

/** @returns the target with the patch's fields in place of its own, at every depth; null takes a field away. */
export function mergePatch(target: Fields, patch: Fields): Record<string, unknown> {
  const merged = new Map(Object.entries(target));
  for (const [name, value] of Object.entries(patch)) {
    const before = merged.get(name);
    if (value === null) merged.delete(name);
    else merged.set(name, isFields(value) ? mergePatch(isFields(before) ? before : {}, value) : value);
  }
  return Object.fromEntries(merged);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
