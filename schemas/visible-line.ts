/** Text that people give a thing or a person to call it by, shown in lists and tables: one line with something to see in it. */
import * as z from "zod";

/** White space, controls and marks that steer what is around them show nothing; a Braille blank looks like a letter to Unicode. */
const visible = /[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Neither a line break nor a control character, no lone surrogate, nothing that turns the reading direction of what follows. */
const visibleLine =
  /^(?=.*[^\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800])[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]+$/u;

export function hasSomethingVisible(text: string): boolean {
  return visible.test(text);
}

export const visibleLineSchema = (maxChars: number): z.ZodString =>
  z.string().max(maxChars).regex(visibleLine, "one line of visible text");

const breaks = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+/gu;
const directions = /[\u202A-\u202E\u2066-\u2069]/gu;

/** What of a text that nobody here wrote is one visible line; undefined where it shows nothing. */
export function visibleLineOf(text: string): string | undefined {
  const line = text.replace(directions, "").replace(breaks, " ").trim();
  return visibleLine.test(line) ? line : undefined;
}

const unshown = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu;

/** A text that quotes what somebody sent, on one line: what would break it or turn its direction is a replacement character. */
export function shownLine(text: string): string {
  return text.replace(unshown, "\uFFFD");
}
