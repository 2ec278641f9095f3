/**
 * JSON for a terminal. JSON itself escapes what lies below U+0020 alone: DEL and the C1 controls steer a terminal as they are (U+009B is `ESC [`),
 * and what ends a line or turns its direction makes it show another text.
 */

const steering = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g;

/** @returns the same value: none of these characters stands outside of a text. */
export function plainJson(value: unknown, space?: number): string {
  return JSON.stringify(value, null, space).replace(steering, escaped);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
