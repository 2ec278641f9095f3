/** How one variable of the deployment is read: the pieces that the areas share. */
import * as z from "zod";

/** An unset variable and an empty one are the same thing. */
const unsetWhenEmpty = (value: unknown): unknown => (value === "" ? undefined : value);

export const variable = <T extends z.ZodType>(schema: T) => z.preprocess(unsetWhenEmpty, schema);

/** Variables of an area by name, each with its default and its meaning; `docs/reference.md` is made from them. */
export type Variables = Readonly<Record<string, z.ZodType>>;

/** Parsed values of an area's variables. */
export type ValuesOf<T extends Variables> = Readonly<z.infer<z.ZodObject<T>>>;

/** Parts of a text, such as several secrets or origins. */
export const listedBy = (separator: RegExp) =>
  z.string().transform((text) => text.split(separator).filter((part) => part !== ""));
