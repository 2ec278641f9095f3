/** Foreign text as part of one line: in exports, in captions, and in what a model is given (`test/room/prompt.test.ts`). */
import { describe, expect, test } from "vitest";
import { oneLine } from "../../schemas/one-line.ts";

const ends: [string, string][] = [
  ["line feed", "\n"],
  ["carriage return", "\r"],
  ["both", "\r\n"],
  ["vertical tab", "\u000b"],
  ["form feed", "\u000c"],
  ["file, group, record and unit separators", "\u001c\u001d\u001e\u001f"],
  ["NEL", "\u0085"],
  ["line separator", "\u2028"],
  ["paragraph separator", "\u2029"],
];

describe("oneLine", () => {
  test.each([
    ...ends,
    ["tab", "\t"],
    ["NUL", "\0"],
    ["escape", "\u001b"],
    ["DEL", "\u007f"],
    ["CSI of C1", "\u009b"],
    ["no-break space", "\u00a0"],
    ["byte order mark", "\ufeff"],
    ["several of them", " \n\u2028\t\u0085 "],
  ])("[E6] %s is one blank, and none at the ends", (_, character) => {
    expect(oneLine(`${character}Ada${character}Lovelace${character}`)).toBe("Ada Lovelace");
    expect(oneLine(character)).toBe("");
  });

  test.each(["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"])(
    "[E6] a change of direction is taken out, without a blank: %j",
    (direction) => {
      expect(oneLine(`Ada${direction}.txt`)).toBe("Ada.txt");
      expect(oneLine(direction)).toBe("");
    },
  );

  test("[E6] half a character is a replacement character, and whole ones stay", () => {
    expect(oneLine("a\ud800b\udc00")).toBe("a\ufffdb\ufffd");
    expect(oneLine("🎉 Ärger שלום 你好")).toBe("🎉 Ärger שלום 你好");
  });

  test("[E6] nothing is nothing, and what is one line already is the same", () => {
    expect(oneLine("")).toBe("");
    expect(oneLine(oneLine(" a\n b "))).toBe("a b");
  });

  test("[E6] of every character below U+3000 none makes a second line", () => {
    for (let code = 0; code < 0x3000; code += 1) {
      expect(oneLine(`a${String.fromCharCode(code)}b`)).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u);
    }
  });
});
