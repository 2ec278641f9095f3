/** Whether words that stood in a document stand in it no more (SPEC SY10): an edit takes them away as a deletion does. Pure. */
import { canonicalJson } from "../../shared/json/canonical-json.ts";

/** @param before and @param after JSON of what the document holds; null of one that is deleted. */
export function takesWordsAway(before: string | null, after: string | null): boolean {
  if (before === null || before === after) return false;
  if (after === null) return true;
  const [was, is] = [JSON.parse(before), JSON.parse(after)] as { readonly [name: string]: unknown }[];
  // A number beside the texts is a count or a time of the log's own, and no word.
  return Object.entries(was ?? {}).some(
    ([name, value]) => typeof value !== "number" && !stillStands(value, is?.[name]),
  );
}

/** A text that only grew has lost nothing. */
function stillStands(value: unknown, now: unknown): boolean {
  if (typeof value === "string") return typeof now === "string" && now.includes(value);
  if (isFields(value) && isFields(now))
    return Object.entries(value).every(([name, inner]) => stillStands(inner, now[name]));
  return canonicalJson({ value }) === canonicalJson({ value: now ?? null });
}

function isFields(value: unknown): value is { readonly [name: string]: unknown } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
