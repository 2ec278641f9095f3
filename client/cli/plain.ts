/** @returns a text in which nothing steers the terminal, whoever wrote it: control characters and changes of direction are blanks. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu, " ");
}
