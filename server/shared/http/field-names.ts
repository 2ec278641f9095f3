/** The fields that a schema knows at one place, and which of them a misspelt name most likely meant. Pure. */
import * as z from "zod";

/** @param path as an issue of the schema has it. @returns the names at that place; none where any name may stand. */
export function fieldsAt(schema: z.core.$ZodType, path: readonly PropertyKey[]): string[] {
  const [step, ...rest] = path;
  if (
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodNullable ||
    schema instanceof z.ZodDefault ||
    schema instanceof z.ZodReadonly
  ) {
    return fieldsAt(schema.unwrap(), path);
  }
  if (schema instanceof z.ZodPipe) return fieldsAt(schema.in, path);
  if (schema instanceof z.ZodUnion) return [...new Set(schema.options.flatMap((option) => fieldsAt(option, path)))];
  if (schema instanceof z.ZodObject) {
    if (step === undefined) return Object.keys(schema.shape);
    const field = (schema.shape as Readonly<Record<string, z.core.$ZodType>>)[String(step)];
    return field ? fieldsAt(field, rest) : [];
  }
  if (step === undefined) return [];
  if (schema instanceof z.ZodArray) return fieldsAt(schema.element, rest);
  return schema instanceof z.ZodRecord ? fieldsAt(schema.valueType, rest) : [];
}

/** @returns the known name that is spelt most like this one, if any is near. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // Longer than any name: not worth a comparison.
  if (name.length > maxNameChars) return undefined;
  const plain = plainOf(name);
  const ranked = known
    .map((candidate) => ({ candidate, distance: distanceBetween(plain, plainOf(candidate)) }))
    .filter(({ candidate, distance }) => distance <= Math.min(2, Math.floor(candidate.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return ranked[0]?.candidate;
}

const maxNameChars = 64;

/** `sessionId`, `session-id` and `session_id` are one word. */
function plainOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}

/** Levenshtein: letters added, dropped or changed. */
function distanceBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const changed = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(changed, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
