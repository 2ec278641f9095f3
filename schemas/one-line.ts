/**
 * Names and texts as part of one line. Whatever a person is called or says, it makes no line, no cue and no field of a document
 * (E6): the one place where foreign text is made fit for all formats.
 */

/** All that any reader takes for the end of a line, for a blank, or for nothing it can show. */
const blanks = /[\s\p{Cc}]+/gu;
/** They turn the direction of what follows, on to the end of the line: what a document says after a name, too. */
const directions = /[\u202a-\u202e\u2066-\u2069]/gu;

export function oneLine(text: string): string {
  return text
    .replace(/\p{Cs}/gu, "\uFFFD")
    .replace(directions, "")
    .replace(blanks, " ")
    .trim();
}
