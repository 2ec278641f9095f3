/** The figures by the names of `--only`, in the order in which they run. */
import * as z from "zod";

export const figureNames = [
  "ack",
  "rooms",
  "live",
  "wake",
  "resume",
  "finalize",
  "watchers",
  "start",
  "size",
  "cost",
  "packing",
] as const;
export type FigureName = (typeof figureNames)[number];

/** `ack,live`: each at most once, in the order of `figureNames`. */
export const figureList: z.ZodType<FigureName[]> = z.string().transform((text, context) => {
  const asked = text.split(",").map((name) => name.trim());
  if (asked.some((name) => !figureNames.some((known) => known === name))) {
    context.addIssue(`must be some of ${figureNames.join(",")}`);
    return z.NEVER;
  }
  return figureNames.filter((name) => asked.includes(name));
});
