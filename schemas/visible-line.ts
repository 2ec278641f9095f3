/** Text that people give a thing to call it by, shown in lists and tables: one line with something to see in it. */
import * as z from "zod";

/** Neither a line break nor a control character, no lone surrogate, nothing that turns the reading direction of what follows. */
const visibleLine = /^(?=.*[^\p{C}\p{Z}])[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+$/u;

export const visibleLineSchema = (maxChars: number): z.ZodString =>
  z.string().max(maxChars).regex(visibleLine, "one line of visible text");
