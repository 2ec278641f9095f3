import { expect, test } from "vitest";
import { Marks, type Piece } from "../../../server/app/chat/marks.ts";

const isLine = (line: number): boolean => line >= 1 && line <= 5;

function all(parts: readonly string[]): string {
  const marks = new Marks(isLine);
  const pieces = [...parts.flatMap((part) => marks.push(part)), ...marks.end()];
  return pieces.map((piece: Piece) => ("text" in piece ? piece.text : `<${piece.line}>`)).join("");
}

test.each([
  ["It is so [1].", "It is so <1>."],
  ["[1][2]", "<1><2>"],
  ["[1, 2; 5]", "<1><2><5>"],
  ["[ 3 ]", "<3>"],
  ["[6] and [0] and [9999]", " and  and "],
  ["[1, 77]", "<1>"],
  ["[12345]", "[12345]"],
  ["a[i] = [x] [", "a[i] = [x] ["],
  ["[[3]]", "[<3>]"],
  ["[1", "[1"],
  ["[1, and so on]", "[1, and so on]"],
  ["[" + " ".repeat(60) + "1]", "[" + " ".repeat(60) + "1]"],
])("[J4] %j, wherever it is cut", (text, wanted) => {
  expect(all([text])).toBe(wanted);
  expect(all(Array.from(text))).toBe(wanted);
  for (let at = 1; at < text.length; at += 1) expect(all([text.slice(0, at), text.slice(at)])).toBe(wanted);
});
