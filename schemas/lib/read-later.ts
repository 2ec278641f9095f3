/**
 * Reads what a later version may have written (SPEC V6): fields, event types and values that this version does not know are no
 * fault of what bears them. What is of another shape still is.
 */
import * as z from "zod";
import { eventTypeSchema } from "../speech/events.ts";

/** What every event has, whatever its type. */
const laterEventSchema = z.looseObject({ event_id: z.int().min(1), at: z.string(), type: z.string(), by: z.string() });

/** @returns the value as the schema gives it, or as it came where what the schema does not know is of a later version. */
export function readLater<T>(schema: z.ZodType<T>, value: unknown): z.ZodSafeParseResult<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success || !parsed.error.issues.every((issue) => isLater(issue, value))) return parsed;
  return { success: true, data: value as T };
}

/** Of a row that a later version may have written before it was rolled back. @throws ZodError for what is of another shape. */
export function parseLater<T>(schema: z.ZodType<T>, value: unknown): T {
  const read = readLater(schema, value);
  if (read.success) return read.data;
  throw read.error;
}

function isLater(issue: z.core.$ZodIssue, value: unknown): boolean {
  const at = alongPath(value, issue.path);
  if (at.some(isLaterEvent)) return true;
  // One value alone says what the thing is: another one is another thing.
  if (issue.code === "invalid_value") return typeof at.at(-1) === "string" && issue.values.length > 1;
  return issue.code === "too_big";
}

function isLaterEvent(value: unknown): boolean {
  const { data } = laterEventSchema.safeParse(value);
  return data !== undefined && !eventTypeSchema.safeParse(data.type).success;
}

/** The value itself, and what lies in it along a path. */
function alongPath(value: unknown, path: readonly PropertyKey[]): unknown[] {
  const found = [value];
  for (const key of path) {
    const parent = found.at(-1);
    if (typeof parent !== "object" || parent === null) break;
    found.push(Reflect.get(parent, key));
  }
  return found;
}
