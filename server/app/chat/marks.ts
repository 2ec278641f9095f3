/**
 * The marks of an answer that is written: `[3]` for line 3 of those that the model was given. A mark is held back until it is whole, since
 * it comes in pieces; numbers that stand for no line are taken out of the text, so that a reader sees no mark without a place. Pure.
 */
export type Piece = { readonly text: string } | { readonly line: number };

const whole = /^\[\s*\d{1,4}(?:\s*[,;]\s*\d{1,4})*\s*\]/;
const longestMark = 40;
const beginning = /^\[[\d\s,;]{0,38}$/;

export class Marks {
  readonly #isLine: (line: number) => boolean;
  #held = "";

  /** @param isLine whether a number stands for a line. */
  constructor(isLine: (line: number) => boolean) {
    this.#isLine = isLine;
  }

  push(text: string): Piece[] {
    const pieces: Piece[] = [];
    let rest = this.#held + text;
    this.#held = "";
    while (rest !== "") {
      const at = rest.indexOf("[");
      if (at !== 0) {
        pieces.push({ text: at < 0 ? rest : rest.slice(0, at) });
        rest = at < 0 ? "" : rest.slice(at);
        continue;
      }
      const mark = whole.exec(rest)?.[0];
      if (mark !== undefined && mark.length <= longestMark) {
        const numbers = mark.match(/\d+/g) ?? [];
        pieces.push(
          ...numbers
            .map(Number)
            .filter(this.#isLine)
            .map((line) => ({ line })),
        );
        rest = rest.slice(mark.length);
      } else if (beginning.test(rest)) {
        this.#held = rest;
        rest = "";
      } else {
        pieces.push({ text: "[" });
        rest = rest.slice(1);
      }
    }
    return pieces;
  }

  /** What was held back and has become no mark. */
  end(): Piece[] {
    const text = this.#held;
    this.#held = "";
    return text === "" ? [] : [{ text }];
  }
}
