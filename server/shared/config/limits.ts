/** Variables that set limits, made out of the table of limits. */
import * as z from "zod";
import { type DeploymentLimits, limitRows } from "../../../schemas/limits.ts";
import { type Variables, variable } from "./variable.ts";

export const limitVariables: Variables = Object.fromEntries(
  limitRows.flatMap(({ setBy, value, meaning }) => {
    if (!setBy) return [];
    const { variable: name, min, max, isOptional = false } = setBy;
    const number = z.coerce.number().int().min(min).max(max);
    const schema = z.union([number, ...(isOptional ? [z.literal("off").transform(() => null)] : [])], {
      error: `a whole number from ${min} to ${max}${isOptional ? ", or off" : ""}`,
    });
    const description = `${meaning}${isOptional ? " `off`: no limit." : ""}`;
    return [[name, variable(schema.default(value)).describe(description)]];
  }),
);

/** The limits that a deployment sets; the fixed ones are `limits` of `schemas/limits.ts`. */
export function limitsOf(values: Readonly<Record<string, unknown>>): DeploymentLimits {
  const settable = limitRows.flatMap(({ name, setBy }) => (setBy ? [[name, values[setBy.variable]]] : []));
  // The keys are those of the table's rows with `setBy`, which is how the type is made too.
  return Object.freeze(Object.fromEntries(settable)) as DeploymentLimits;
}

/** What holds where no variable says otherwise. */
export const defaultLimits = limitsOf(z.object(limitVariables).parse({}));
