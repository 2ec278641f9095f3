/** What is wrong with a value that a schema refused, in words for whoever sent it: where, what was expected, what to do. Pure. */
import { beginningOf } from "../../../schemas/cut-text.ts";
import type * as z from "zod";
import { fieldsAt, nearestName } from "./field-names.ts";

export interface IssueWords {
  /** Path of the field, with dots; `whole` where it is the value itself. */
  readonly field: string;
  /** The rest of a sentence that begins with the field, without its full stop. */
  readonly message: string;
}

type Issue = z.core.$ZodIssue;

/** @param input what was refused by `schema`. @param whole how the value itself is called. */
export function wordsOf(error: z.ZodError, schema: z.core.$ZodType, input: unknown, whole: string): IssueWords {
  const issue = leadingOf(error.issues);
  if (!issue) return { field: whole, message: "is not right" };
  if (issue.code === "unrecognized_keys") {
    const [key = ""] = issue.keys;
    const known = fieldsAt(schema, issue.path);
    return { field: pathOf([...issue.path, cut(key)], whole), message: unknownName(key, known, "field") };
  }
  return { field: pathOf(issue.path, whole), message: messageOf(issue, valueAt(input, issue.path)) };
}

/** What is wrong with each value of a flat record, such as the variables of a deployment, behind its name. */
export function eachOf(error: z.ZodError | undefined, input: object): string[] {
  return (error?.issues ?? []).map((issue) => {
    const words = messageOf(issue, valueAt(input, issue.path));
    return `${String(issue.path[0])}: ${words}`;
  });
}

/** Of a name that nobody knows. @param kind what it would be the name of. */
export function unknownName(name: string, known: readonly string[], kind: string): string {
  if (known.includes(name)) return `can't stand beside the other ${kind}s that were sent`;
  const nearest = nearestName(name, known);
  if (nearest !== undefined) return `is no ${kind} here; did you mean ${nearest}?`;
  return known.length === 0 ? `is no ${kind} here` : `is no ${kind} here; there is ${known.join(", ")}`;
}

/** The issue to tell: a misspelt name before the field that is missing for it; of alternatives, the one that is nearest. */
function leadingOf(issues: readonly Issue[], path: readonly PropertyKey[] = []): Issue | undefined {
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue === undefined) return undefined;
  const placed = { ...issue, path: [...path, ...issue.path] };
  if (placed.code !== "invalid_union") return placed;
  const [nearest] = placed.errors.toSorted((a, b) => a.length - b.length);
  return nearest && nearest.length > 0 ? leadingOf(nearest, placed.path) : placed;
}

function messageOf(issue: Issue, value: unknown): string {
  // A schema's own sentence; what zod says by itself begins otherwise.
  if (!/^(Invalid|Too |Unrecognized)/.test(issue.message)) return issue.message;
  if (value === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}, not ${kindOf(value)}`;
    case "invalid_value":
      return `must be ${issue.values.map((one) => JSON.stringify(one)).join(" or ")}`;
    case "too_small":
      return `must ${sizeOf(issue.origin, "at least", Number(issue.minimum))}`;
    case "too_big":
      return `must ${sizeOf(issue.origin, "at most", Number(issue.maximum))}`;
    case "invalid_format":
      return issue.format === "url" ? "must be an address that begins with https:// or http://" : formatOf(issue);
    case "invalid_key":
      return `is no name that may stand here: it ${leadingOf(issue.issues)?.message ?? "is not right"}`;
    case "custom":
    case "invalid_element":
    case "invalid_union":
    case "not_multiple_of":
    case "unrecognized_keys":
      return "is not right";
  }
}

const kinds: Readonly<Record<string, string>> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "an array",
  null: "null",
};

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "number" && !Number.isInteger(value)) return "a number with a fraction";
  return kinds[typeof value] ?? "that";
}

function sizeOf(origin: string, bound: "at least" | "at most", size: number): string {
  if (origin === "string") return `have ${bound} ${size} ${size === 1 ? "character" : "characters"}`;
  if (origin === "array") return `have ${bound} ${size} ${size === 1 ? "entry" : "entries"}`;
  return `be ${bound} ${size}`;
}

function formatOf({ pattern }: { readonly pattern?: string | undefined }): string {
  return pattern === undefined ? "is not written right" : `must match ${pattern}`;
}

function pathOf(path: readonly PropertyKey[], whole: string): string {
  return path.map((step) => cut(String(step))).join(".") || whole;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (value, step) =>
      typeof value === "object" && value !== null && Object.hasOwn(value, step)
        ? (value as Record<PropertyKey, unknown>)[step]
        : undefined,
    input,
  );
}

/** Names are the sender's, and may be of any length. */
function cut(name: string): string {
  return name.length > 64 ? `${beginningOf(name, 64)}…` : name;
}
