/** What is wrong with a value that a schema refused, as one sentence begins: where, and what. */
import type * as z from "zod";

export interface FirstIssue {
  /** Path of the field, with dots; `whole` where it is the value itself. */
  readonly field: string;
  readonly message: string;
}

/** @param whole how the value itself is called. */
export function firstIssue(error: z.ZodError, whole: string): FirstIssue {
  const [issue] = error.issues;
  return { field: issue?.path.map(String).join(".") || whole, message: issue?.message ?? "is not right" };
}
